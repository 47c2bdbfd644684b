// headroom reproduce: whether a scheduler that headroom reproduces does as published cases say, or
// as another simulator does.

#include "cli/commands.hpp"
#include "study/flat_pool.hpp"
#include "study/reproduce/batsim.hpp"
#include "study/reproduce/gpustack_cases.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace headroom::cli {

namespace {

void add_gpustack_command(CLI::App& group, int& exit_code) {
  struct Arguments {
    std::string cases;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = group.add_subcommand(
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

void add_batsim_command(CLI::App& group, int& exit_code) {
  struct Arguments {
    std::string jobs;
    std::string queue;
    std::int64_t machines = 32;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = group.add_subcommand(
      "batsim",
      "Compare backfilling with a schedule of Batsim's, start by start (docs/validation.md); exit "
      "code 1 where a difference has no explanation");
  command->add_option("--jobs", arguments->jobs, "Batsim's out_jobs.csv")
      ->required()
      ->type_name("FILE")
      ->check(not_empty());
  command->add_option("--queue", arguments->queue, "easy or conservative, as the schedule is")
      ->required()
      ->type_name("NAME");
  command->add_option("--machines", arguments->machines, "How many there were; default: 32")
      ->check(CLI::Range(std::int64_t{1}, kMostFlatGpus))
      ->type_name("N");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments, &exit_code] {
    const auto result = reproduce_batsim(arguments->jobs, arguments->queue, arguments->machines);
    if (!result) {
      exit_code = report(result.error());
      return;
    }
    fmt::print("{}", arguments->json ? batsim_json(*result) : batsim_text(*result));
    if (result->unexplained() > 0) exit_code = kGateFailed;
  });
}

}  // namespace

void add_reproduce_command(CLI::App& app, int& exit_code) {
  CLI::App* group = app.add_subcommand(
      "reproduce", "Whether a reproduced scheduler agrees with cases about it, or with another");
  group->require_subcommand(1);
  add_gpustack_command(*group, exit_code);
  add_batsim_command(*group, exit_code);
}

}  // namespace headroom::cli
