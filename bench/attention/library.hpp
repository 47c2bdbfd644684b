#pragma once
// Libraries that may or may not be on a machine, opened when they are needed.

#include "sim/core/result.hpp"

#include <span>
#include <string>
#include <vector>

namespace headroom::bench {

/// A shared library that was opened, and stays open until the program ends.
class Library {
 public:
  /// The first of these that can be opened. Error: none can, as the loader says of the last.
  [[nodiscard]] static Result<Library> open(std::span<const std::string> names);

  /// The function of this name; Function is its type. Error: the library has no such function.
  template <class Function>
  [[nodiscard]] Result<Function*> find(const char* name) const {
    HEADROOM_TRY(void* const found, symbol(name));
    return reinterpret_cast<Function*>(found);
  }

 private:
  explicit Library(void* handle);
  [[nodiscard]] Result<void*> symbol(const char* name) const;

  void* handle_;
};

/// Where a library of the CUDA toolkit may lie: the folder that the environment variable
/// HEADROOM_CUDA_LIBRARIES names, the loader's own places, /usr/local/cuda.
[[nodiscard]] std::vector<std::string> toolkit_places(const std::string& name);

}  // namespace headroom::bench
