#include "study/run_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

namespace headroom {
namespace {

namespace fs = std::filesystem;

// The first entry of a folder that no run writes, or "".
std::string foreign_entry(const fs::path& folder) {
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    std::string name = it->path().filename().string();
    if (!is_result_file(name)) return name;
  }
  return "";
}

// Whether results may go to `target`: it is not there, is empty, or holds what may be replaced.
Status check_free(const fs::path& target, bool replace) {
  std::error_code code;
  const fs::file_status status = fs::status(target, code);
  if (status.type() == fs::file_type::not_found) return {};
  if (status.type() != fs::file_type::directory) {
    if (code) return fail(fmt::format("cannot use this: {}", code.message()), {target.string()});
    return fail("this is a file, not a folder", {target.string()}, "name another one with --out");
  }
  const bool empty = fs::is_empty(target, code);
  if (code) return fail(fmt::format("cannot look inside: {}", code.message()), {target.string()});
  const bool ours = fs::exists(target / kResultFile, code);
  if (ours && replace) {
    if (const std::string foreign = foreign_entry(target); !foreign.empty()) {
      return fail(fmt::format("'{}' in this folder is not of a result", foreign), {target.string()},
                  "move it away, or name another folder with --out");
    }
  }
  if (empty || (replace && ours)) return {};
  return fail(ours ? "this folder holds an earlier result" : "this folder is not empty",
              {target.string()},
              ours ? "name another one with --out, or replace it with --force"
                   : "name another one with --out");
}

// Opens and locks a folder; -1 when another process holds it or it cannot be locked.
int lock_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0 && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  if (descriptor >= 0) ::close(descriptor);
  return -1;
}

bool process_lives(pid_t pid) { return ::kill(pid, 0) == 0 || errno != ESRCH; }

// Removes partial folders that killed processes left. The number alone does not tell: it may be of
// another machine or container that shares this disk; so the lock has to be free as well.
void remove_stale(const fs::path& parent, const std::string& prefix) {
  std::error_code ignored;
  for (fs::directory_iterator it(parent, ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    pid_t pid = 0;
    const char* last = name.data() + name.size();
    const auto [stop, bad] = std::from_chars(name.data() + prefix.size(), last, pid);
    if (bad != std::errc() || stop != last || pid <= 0 || process_lives(pid)) continue;
    const int lock = lock_folder(it->path());
    if (lock < 0) continue;
    std::error_code failed;
    fs::remove_all(it->path(), failed);
    ::close(lock);
  }
}

}  // namespace

std::string RunFile::of(std::string_view run) const {
  return fmt::format("{}{}{}", prefix, run, suffix);
}

bool RunFile::matches(std::string_view name) const {
  return name.size() > prefix.size() + suffix.size() && name.starts_with(prefix) &&
         name.ends_with(suffix);
}

bool is_result_file(std::string_view name) {
  return name == kResultFile || name == kWallClockFile || kSeriesFile.matches(name) ||
         kDecisionsFile.matches(name) || kStateFile.matches(name);
}

Result<std::unique_ptr<RunFolder>> RunFolder::create(const fs::path& target, bool replace) {
  HEADROOM_CHECK(check_free(target, replace));
  std::error_code code;
  fs::path clean = fs::weakly_canonical(fs::absolute(target, code), code).lexically_normal();
  if (code) return fail(fmt::format("cannot use this: {}", code.message()), {target.string()});
  if (!clean.has_filename()) clean = clean.parent_path();  // a trailing slash
  const fs::path parent = clean.parent_path();
  const std::string prefix = fmt::format(".{}.partial-", clean.filename().string());
  remove_stale(parent, prefix);
  const fs::path temporary = parent / fmt::format("{}{}", prefix, ::getpid());
  // Ours can only be there already if an earlier process of this number was killed.
  fs::remove_all(temporary, code);
  fs::create_directories(temporary, code);
  if (code) {
    return fail(fmt::format("cannot make this folder: {}", code.message()), {target.string()},
                "name another one with --out");
  }
  const int lock = lock_folder(temporary);
  return std::unique_ptr<RunFolder>(new RunFolder(clean, temporary, lock, replace));
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

Status RunFolder::write(const std::string& name, std::string_view content) const {
  std::ofstream out(temporary_ / name, std::ios::binary);
  out << content;
  out.close();
  if (!out) return fail("writing this file failed: is the disk full?", {(target_ / name).string()});
  return {};
}

Status RunFolder::commit() {
  HEADROOM_CHECK(check_free(target_, replace_));
  std::error_code code;
  // Both names change hands at once, so that there is a whole result at any moment.
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(temporary_, code);
    temporary_.clear();
    return {};
  }
  // Not there yet, or a file system that cannot exchange names: what came there since the check
  // above stays, and the rename fails.
  if (replace_) fs::remove_all(target_, code);
  fs::rename(temporary_, target_, code);
  if (code) {
    return fail(fmt::format("cannot rename to this: {}", code.message()), {target_.string()});
  }
  temporary_.clear();
  return {};
}

}  // namespace headroom
