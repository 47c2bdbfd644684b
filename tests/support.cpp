#include "tests/support.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace headroom::test {
namespace fs = std::filesystem;

TempDir::TempDir() {
  static std::atomic<int> counter{0};
  path_ = fs::temp_directory_path() /
          ("headroom-test-" + std::to_string(getpid()) + "-" + std::to_string(counter++));
  fs::create_directories(path_);
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TempDir::write(const std::string& name, std::string_view content) const {
  fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::optional<fs::path> shared_path(const std::string& relative) {
  const char* root = std::getenv("HEADROOM_SHARED");
  const fs::path base =
      root != nullptr ? fs::path(root) : fs::path(HEADROOM_SOURCE_DIR) / "../shared";
  if (fs::exists(base / relative)) return base / relative;
  std::puts("HEADROOM_SHARED is not there: skipped");
  return std::nullopt;
}

fs::path source_path(const std::string& relative) {
  return fs::path(HEADROOM_SOURCE_DIR) / relative;
}

}  // namespace headroom::test
