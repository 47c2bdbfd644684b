#pragma once
// Running the `headroom` command as a user does: as a process of its own.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace headroom::test {

struct CommandOptions {
  std::map<std::string, std::string> environment;  // added to ours; an empty value unsets
  std::chrono::seconds timeout{600};               // a hang: then it is killed and the test fails
};

struct CommandResult {
  int exit_code = -1;  // 128 + signal where a signal ended it
  std::string out;
  std::string err;
  long peak_memory_kib = 0;
};

/// Runs it to its end with nothing on its standard input.
[[nodiscard]] CommandResult run_headroom(const std::vector<std::string>& arguments,
                                         const CommandOptions& options = {});

/// Starts it with its output thrown away. Use: wait until it is at work, then kill_headroom.
[[nodiscard]] pid_t start_headroom(const std::vector<std::string>& arguments);
/// SIGKILL, and waits for the end. False where it had ended by itself before.
bool kill_headroom(pid_t process);

/// The text with every run of blanks and line ends as one blank: how lines are broken is no matter.
[[nodiscard]] std::string one_line(const std::string& text);

/// Whether a folder beside or below `folder` has a name of an unfinished run.
[[nodiscard]] bool has_partial_folder(const std::filesystem::path& folder);

}  // namespace headroom::test
