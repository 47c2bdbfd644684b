#pragma once
// Options that choose where speeds come from.

#include "study/cost/cost_choice.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace headroom::cli {

struct CostArguments {
  std::string model = kCostModels.front();
  std::vector<std::string> profiles;
};

/// Adds --cost and --profile.
void add_cost_options(CLI::App& command, CostArguments& arguments);

/// Error: as choose_cost.
[[nodiscard]] Result<CostChoice> cost_of(const CostArguments& arguments);

}  // namespace headroom::cli
