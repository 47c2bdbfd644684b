#include "study/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace headroom {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& script) {
  return script.has_parent_path() ? script.parent_path() : fs::path(".");
}

Status start(const fs::path& folder, const std::string& argument, const char* option) {
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::string program = "gnuplot";
  std::string text = argument;
  std::array<char*, 3> arguments{program.data(), text.data(), nullptr};
  pid_t child = 0;
  const int problem =
      ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) {
    return fail(
        fmt::format("gnuplot cannot be started: {}", std::generic_category().message(problem)), {},
        fmt::format("install it (Debian: gnuplot-nox), or leave {} out", option));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail("gnuplot failed", {folder.string()});
}

Status write_text(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (out) return {};
  return fail("this file cannot be written", {file.string()});
}

}  // namespace

std::string gnuplot_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '\'') out += '\'';
    out += code < 0x20 || code == 0x7F ? '?' : c;
  }
  return out + "'";
}

Status check_gnuplot(const fs::path& script, const char* option) {
  HEADROOM_CHECK(write_text(script, "# nothing yet\n"));
  return start(folder_of(script), "--version", option);
}

Status run_gnuplot(const fs::path& script, const std::string& text, const char* option) {
  HEADROOM_CHECK(write_text(script, text));
  return start(folder_of(script), fs::path(".") / script.filename(), option);
}

}  // namespace headroom
