#pragma once
// What tests share: a folder of their own, the shared data set if it is there, and value-or-fail.

#include "sim/core/result.hpp"
#include "tests/catch.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace headroom::test {

/// A fresh folder below the system's temporary one, removed with the object.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file of this name in the folder and returns its path.
  std::filesystem::path write(const std::string& name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& file);

/// A path below the shared data set ($HEADROOM_SHARED, default ../shared), or nullopt after saying
/// that the test is skipped. Use: `auto f = shared_path("traces/x.csv"); if (!f) return;`
[[nodiscard]] std::optional<std::filesystem::path> shared_path(const std::string& relative);

/// A file of this repository.
[[nodiscard]] std::filesystem::path source_path(const std::string& relative);

/// The value, or a failed test with the error's text.
template <class T>
T require_value(Result<T> result) {
  if (!result) FAIL(result.error().text());
  return std::move(*result);
}

}  // namespace headroom::test
