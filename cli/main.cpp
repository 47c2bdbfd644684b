// The `headroom` command: argument parsing and exit codes. All work is done in study/.

#include "cli/commands.hpp"
#include "study/result_json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>

namespace headroom::cli {
namespace {

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
  add_list_commands(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kDone : kBadInput;
  }
  return exit_code;
}

}  // namespace
}  // namespace headroom::cli

int main(int argc, char** argv) {
  try {
    return headroom::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "headroom: out of memory\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "headroom: a fault in headroom or a policy: {}\n", error.what());
  }
  return headroom::cli::kFault;
}
