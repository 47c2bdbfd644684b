#pragma once
// The folder of a run's files: filled under a temporary name, renamed when all is there. What fails
// or is killed half-way leaves nothing under the final name.

#include "sim/core/result.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace headroom {

class RunFolder {
 public:
  /// Makes the temporary folder beside `target`. Error: `target` is there and not empty (unless
  /// `replace`, and it holds a result of headroom), or cannot be made.
  [[nodiscard]] static Result<std::unique_ptr<RunFolder>> create(
      const std::filesystem::path& target, bool replace);
  /// Removes what was not committed.
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return temporary_; }
  [[nodiscard]] Status write(const std::string& name, std::string_view content) const;
  /// Renames to the final name.
  [[nodiscard]] Status commit();

 private:
  RunFolder(std::filesystem::path target, std::filesystem::path temporary)
      : target_(std::move(target)), temporary_(std::move(temporary)) {}
  std::filesystem::path target_;
  std::filesystem::path temporary_;
};

}  // namespace headroom
