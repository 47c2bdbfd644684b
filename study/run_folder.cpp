#include "study/run_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

namespace headroom {
namespace fs = std::filesystem;

Result<std::unique_ptr<RunFolder>> RunFolder::create(const fs::path& target, bool replace) {
  std::error_code code;
  if (fs::exists(target, code)) {
    if (!fs::is_directory(target)) return fail("this is a file, not a folder", {target.string()});
    const bool ours = fs::exists(target / "result.json");
    if (!fs::is_empty(target) && !(replace && ours)) {
      return fail(ours ? "this folder holds an earlier result" : "this folder is not empty",
                  {target.string()},
                  ours ? "name another one with --out, or replace it with --force"
                       : "name another one with --out");
    }
  }
  fs::path clean = fs::absolute(target).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();  // a trailing slash
  const fs::path temporary =
      clean.parent_path() / fmt::format(".{}.partial-{}", clean.filename().string(), ::getpid());
  fs::create_directories(temporary, code);
  if (code)
    return fail(fmt::format("cannot make this folder: {}", code.message()), {target.string()});
  return std::unique_ptr<RunFolder>(new RunFolder(clean, temporary));
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

Status RunFolder::write(const std::string& name, std::string_view content) const {
  std::ofstream out(temporary_ / name, std::ios::binary);
  out << content;
  out.close();
  if (!out) return fail("writing this file failed: is the disk full?", {(target_ / name).string()});
  return {};
}

Status RunFolder::commit() {
  std::error_code code;
  // An earlier result goes only now that the new one is whole.
  fs::remove_all(target_, code);
  fs::rename(temporary_, target_, code);
  if (code)
    return fail(fmt::format("cannot rename to this: {}", code.message()), {target_.string()});
  temporary_.clear();
  return {};
}

}  // namespace headroom
