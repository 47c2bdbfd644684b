// The `headroom` command: argument parsing and exit codes. All work is done in study/.

#include "cli/commands.hpp"
#include "sim/core/nearest.hpp"
#include "sim/core/printable.hpp"
#include "study/result_json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace headroom::cli {
namespace {

// Said before parsing: the parser would only miss a subcommand.
std::optional<Error> unknown_first_word(const CLI::App& app, int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  const std::string name = argv[1];
  const bool option = name.starts_with('-');
  std::vector<std::string> known = {"-h", "--help", "--version"};
  if (!option) {
    known.clear();
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
      known.push_back(command->get_name());
    }
  }
  if (std::find(known.begin(), known.end(), name) != known.end()) return std::nullopt;
  return Error{fmt::format("there is no {} '{}'", option ? "option" : "command", name),
               {},
               suggest(name, known)};
}

int run(int argc, char** argv) {
  CLI::App app{
      "What gets placed on a GPU cluster under a policy, how well, and what is turned away "
      "and why."};
  app.name("headroom");
  app.set_version_flag("--version", "headroom " + headroom_version());
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 done; 1 an expectation or a gate failed; 2 bad input or usage; 3 a fault "
      "in headroom or a policy.\nStart with: headroom demo");
  int exit_code = kDone;
  add_demo_command(app, exit_code);
  add_run_command(app, exit_code);
  add_explain_command(app, exit_code);
  add_fit_command(app, exit_code);
  add_trace_command(app, exit_code);
  add_cluster_command(app, exit_code);
  add_reproduce_command(app, exit_code);
  add_profile_command(app, exit_code);
  add_speed_command(app, exit_code);
  add_list_commands(app, exit_code);
  if (const auto wrong = unknown_first_word(app, argc, argv)) return report(*wrong);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream complaint;
    const int code = app.exit(error, std::cout, complaint);
    fmt::print(stderr, "{}", printable(complaint.str(), "\n"));
    return code == 0 ? kDone : kBadInput;
  }
  // What was printed may still be in the buffer: a full disk shows only now.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return report({"cannot write to the standard output: is the disk full?", {}, {}});
  }
  return exit_code;
}

}  // namespace
}  // namespace headroom::cli

int main(int argc, char** argv) {
  try {
    return headroom::cli::run(argc, argv);
  } catch (const std::system_error& error) {  // printing to a full disk
    fmt::print(stderr, "headroom: {}\n", error.what());
    return headroom::cli::kBadInput;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "headroom: out of memory\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "headroom: a fault in headroom or a policy: {}\n", error.what());
  }
  return headroom::cli::kFault;
}
