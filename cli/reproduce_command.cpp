// headroom reproduce: whether a scheduler that headroom reproduces does as published cases say.

#include "cli/commands.hpp"
#include "study/reproduce/gpustack_cases.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace headroom::cli {

void add_reproduce_command(CLI::App& app, int& exit_code) {
  struct Arguments {
    std::string cases;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* group = app.add_subcommand("reproduce",
                                       "Whether a reproduced scheduler agrees with "
                                       "cases about it");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand(
      "gpustack",
      "Run cases about GPUStack's scheduler (docs/gpustack.md); exit code 1 where one "
      "disagrees");
  command->add_option("--cases", arguments->cases, "Folder with *.json files of cases")
      ->required()
      ->type_name("FOLDER")
      ->check(not_empty());
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments, &exit_code] {
    const auto result = reproduce_gpustack(arguments->cases);
    if (!result) {
      exit_code = report(result.error());
      return;
    }
    fmt::print("{}", arguments->json ? reproduce_json(*result) : reproduce_text(*result));
    if (result->disagreeing() > 0) exit_code = kGateFailed;
  });
}

}  // namespace headroom::cli
