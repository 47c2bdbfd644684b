#pragma once
// A text file that appears whole or not at all, gzipped where its name ends in .gz.

#include "sim/core/result.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace headroom {

class OutputFile {
 public:
  /// An empty path is the standard output. Error: the file exists and may not be replaced, or
  /// cannot be made.
  [[nodiscard]] static Result<OutputFile> open(const std::filesystem::path& file, bool replace);
  OutputFile(OutputFile&&) noexcept;
  OutputFile& operator=(OutputFile&&) noexcept;
  /// Without close() nothing is left of it.
  ~OutputFile();

  /// Error: the disk is full, or the reader of a pipe is gone.
  [[nodiscard]] Status write(std::string_view text);
  /// The last of it, and its final name.
  [[nodiscard]] Status close();

 private:
  struct Stream;
  explicit OutputFile(std::unique_ptr<Stream> stream);
  std::unique_ptr<Stream> stream_;
};

}  // namespace headroom
