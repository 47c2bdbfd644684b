// headroom demo: the story, then three policies on a busy mixed cluster.

#include "cli/commands.hpp"
#include "cli/side_by_side.hpp"
#include "study/examples.hpp"
#include "study/story.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

namespace headroom::cli {
namespace {

Status run_demo(const std::string& out, bool force) {
  HEADROOM_TRY(const auto examples, examples_folder());
  fmt::print("1. Why heads matter\n\n");
  HEADROOM_TRY(const std::string story, tell_gemma_story(examples / "gemma-3-27b"));
  fmt::print("{}\n2. Three policies on the same requests\n\n", story);
  std::fflush(stdout);

  HEADROOM_TRY(const Scenario scenario, read_scenario(examples / "busy-cluster.toml", {}));
  HEADROOM_TRY(const StudyResult result, run_into(out, force, scenario, {}));
  print_report(scenario, result, out);
  fmt::print(
      "\nThe scenarios are in {}.\n"
      "Next:\n"
      "  headroom run {}/busy-cluster.toml --seeds 1..5   # with intervals\n"
      "  headroom run {}/busy-cluster.toml --out run1     # with files\n"
      "  headroom explain run1 llm-17                     # why one request ended as it did\n"
      "  headroom policies | models | gpus | engines | mixes | formats\n",
      examples.string(), examples.string(), examples.string());
  return {};
}

}  // namespace

void add_demo_command(CLI::App& app, int& exit_code) {
  struct Arguments {
    std::string out;
    bool force = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "demo", "The story of gemma-3-27b-it, then three policies on a busy mixed cluster");
  command->add_option("--out", arguments->out, "Write the second part's files to this folder")
      ->type_name("FOLDER")
      ->check(not_empty());
  command->add_flag("--force", arguments->force, "Replace an earlier result in the --out folder");
  command->callback([arguments, &exit_code] {
    const Status status = run_demo(arguments->out, arguments->force);
    if (!status) exit_code = report(status.error());
  });
}

}  // namespace headroom::cli
