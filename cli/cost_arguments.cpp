#include "cli/cost_arguments.hpp"

#include "cli/commands.hpp"

#include <filesystem>

namespace headroom::cli {

void add_cost_options(CLI::App& command, CostArguments& arguments) {
  command
      .add_option("--cost", arguments.model,
                  "Where speeds come from: fitted (to measurements; default) or roofline")
      ->type_name("MODEL")
      ->check(CLI::IsMember(kCostModels));
  command
      .add_option("--profile", arguments.profiles,
                  "Fits of your own (headroom profile fit) before those that come along; again for "
                  "more")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->check(not_empty());
}

Result<CostChoice> cost_of(const CostArguments& arguments) {
  const std::vector<std::filesystem::path> files(arguments.profiles.begin(),
                                                 arguments.profiles.end());
  return choose_cost(arguments.model, files);
}

}  // namespace headroom::cli
