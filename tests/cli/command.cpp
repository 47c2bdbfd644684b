#include "tests/cli/command.hpp"

#include "tests/catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace headroom::test {
namespace {

struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  std::array<int, 2> ends{};
};

// Between fork and exec, so nothing here may allocate or throw.
[[noreturn]] void become(char* const* arguments, char* const* environment, int out, int err) {
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(out >= 0 ? out : nothing, STDOUT_FILENO);
  ::dup2(err >= 0 ? err : nothing, STDERR_FILENO);
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (!changes.contains(text.substr(0, text.find('=')))) out.push_back(text);
  }
  for (const auto& [name, value] : changes) {
    if (value.empty()) continue;
    std::string text = name;
    out.push_back(text.append("=").append(value));
  }
  return out;
}

pid_t start(const std::vector<std::string>& arguments,
            const std::map<std::string, std::string>& environment, int out, int err) {
  std::vector<std::string> command = {HEADROOM_BINARY};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto variables = environment_with(environment);
  const auto argv = pointers(command);
  const auto envp = pointers(variables);
  const pid_t process = ::fork();
  REQUIRE(process >= 0);
  if (process == 0) become(argv.data(), envp.data(), out, err);
  return process;
}

// Reads what is there; false at the end of the stream.
bool drain(int descriptor, std::string& into) {
  std::array<char, 1 << 16> chunk{};
  const ssize_t count = ::read(descriptor, chunk.data(), chunk.size());
  if (count <= 0) return false;
  into.append(chunk.data(), static_cast<std::size_t>(count));
  return true;
}

}  // namespace

CommandResult run_headroom(const std::vector<std::string>& arguments,
                           const CommandOptions& options) {
  CommandResult result;
  Pipe out;
  Pipe err;
  const pid_t process = start(arguments, options.environment, out.ends[1], err.ends[1]);
  ::close(std::exchange(out.ends[1], -1));
  ::close(std::exchange(err.ends[1], -1));

  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  std::array<pollfd, 2> streams = {pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}};
  const std::array<std::string*, 2> texts = {&result.out, &result.err};
  bool late = false;
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    late = left.count() <= 0;
    if (late) break;
    ::poll(streams.data(), streams.size(), static_cast<int>(left.count()));
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (streams[i].fd >= 0 && streams[i].revents != 0 && !drain(streams[i].fd, *texts[i])) {
        streams[i].fd = -1;
      }
    }
  }
  if (late) ::kill(process, SIGKILL);
  int status = 0;
  rusage usage{};
  REQUIRE(::wait4(process, &status, 0, &usage) == process);
  result.peak_memory_kib = usage.ru_maxrss;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  INFO("stdout: " << result.out << "\nstderr: " << result.err);
  REQUIRE_FALSE(late);
  return result;
}

pid_t start_headroom(const std::vector<std::string>& arguments) {
  return start(arguments, {}, -1, -1);
}

bool kill_headroom(pid_t process) {
  ::kill(process, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(process, &status, 0) == process);
  return WIFSIGNALED(status);
}

std::string one_line(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string word; in >> word;) out += (out.empty() ? "" : " ") + word;
  return out;
}

bool has_partial_folder(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().find(".partial-") != std::string::npos) return true;
  }
  return false;
}

}  // namespace headroom::test
