// headroom profile shapes: what shards of attention models have.

#include "cli/commands.hpp"
#include "cli/model_arguments.hpp"
#include "cli/profile_commands.hpp"
#include "study/profile/shapes.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace headroom::cli {
namespace {

struct ShapesArguments {
  std::vector<std::string> models;
  std::string tp = kUsualSizes;
};

Result<int> print_shapes(const ShapesArguments& arguments) {
  HEADROOM_TRY(const auto sizes, parse_sizes(arguments.tp, "--tp"));
  HEADROOM_TRY(const auto models, read_models(arguments.models, "--model"));
  const profile::ShapeList list = profile::shard_shapes(models, sizes);
  fmt::print("{}", profile::shapes_json(list));
  if (!list.shapes.empty()) return kDone;
  for (const profile::RefusedShape& one : list.refused) {
    fmt::print(
        stderr, "headroom: {}{}: {}\n", profile::plain_text(one.model),
        one.tensor_parallel ? fmt::format(", tensor parallel size {}", *one.tensor_parallel) : "",
        one.reason);
  }
  return kGateFailed;
}

}  // namespace

void add_profile_shapes_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<ShapesArguments>();
  CLI::App* command = group.add_subcommand(
      "shapes", "The shards of attention that models have at tensor parallel sizes, as JSON");
  command
      ->add_option("--model", arguments->models,
                   "Names (headroom models), paths of a config.json, or all; again for more")
      ->required()
      ->type_name("MODEL")
      ->check(not_empty());
  add_tp(*command, arguments->tp);
  command->footer(
      "Equal shards of several models are one shape. The list keeps heads of any size;\n"
      "headroom-attention-bench measures those of 64, 128 and 256 on a GPU, multiples of 16 up\n"
      "to 256 on a CPU, and says what it skips. Points are of full attention, also where layers\n"
      "see a sliding window. Exit code 1: every model or size was refused; stderr says why.\n"
      "Examples:\n"
      "  headroom profile shapes --model gemma-3-27b-it --tp 1,2,4,8 > shapes.json\n"
      "  headroom profile shapes --model gemma-3-27b-it --model ./config.json --tp 1,2\n"
      "  headroom profile shapes --model all > shapes.json");
  command->callback(
      [arguments, &exit_code] { exit_code = answered([&] { return print_shapes(*arguments); }); });
}

}  // namespace headroom::cli
