// headroom profile show: a profile as tables.

#include "cli/commands.hpp"
#include "cli/model_arguments.hpp"
#include "cli/profile_commands.hpp"
#include "study/profile/show.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

namespace headroom::cli {
namespace {

struct ShowArguments {
  std::string file;
  std::string model;
  std::string tp = kUsualSizes;
  std::string shape;
  bool all = false;
  bool json = false;
};

Result<profile::ShardShape> parse_shape(const std::string& text) {
  std::array<std::int64_t, 3> parts{};
  const char* at = text.data();
  const char* const end = at + text.size();
  bool good = true;
  for (std::size_t i = 0; i < parts.size() && good; ++i) {
    if (i > 0) good = at != end && *at++ == '/';
    const auto [next, error] = std::from_chars(at, end, parts[i]);
    good = good && error == std::errc() && parts[i] > 0;
    at = next;
  }
  if (good && at == end) return profile::ShardShape{parts[0], parts[1], parts[2]};
  return fail(fmt::format("'{}' is no shape", text.substr(0, 80)), {"--shape"},
              "query heads, KV heads and head size of a GPU, such as 16/8/128");
}

Result<int> print_profile(const ShowArguments& arguments) {
  profile::ShowOptions options;
  options.all = arguments.all;
  if (!arguments.shape.empty()) {
    HEADROOM_TRY(options.shape, parse_shape(arguments.shape));
  }
  HEADROOM_TRY(const auto sizes, parse_sizes(arguments.tp, "--tp"));
  std::shared_ptr<const Model> model;
  if (!arguments.model.empty()) {
    HEADROOM_TRY(model, read_model(arguments.model, "--model"));
  }
  HEADROOM_TRY(const profile::Profile shown, profile::read_profile(arguments.file));
  std::vector<profile::Scaling> scalings;
  if (model != nullptr) {
    HEADROOM_TRY(scalings, profile::scaling_of(shown, *model, sizes));
  }
  if (arguments.json) {
    fmt::print("{}", profile::show_json(shown, scalings, options));
    return kDone;
  }
  fmt::print("{}", profile::header_text(shown));
  for (const profile::Scaling& scaling : scalings) {
    fmt::print("{}", profile::scaling_text(shown, scaling, options.all));
  }
  if (scalings.empty()) {
    const std::string tables = profile::tables_text(shown, options);
    const bool none = tables.empty() && options.shape;
    fmt::print("{}", none ? "\nNo point has this shape.\n" : tables);
  }
  return kDone;
}

}  // namespace

void add_profile_show_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<ShowArguments>();
  CLI::App* command = group.add_subcommand(
      "show", "A profile as tables, checked against its schema (docs/profile.md)");
  command->add_option("profile", arguments->file, "The profile; - for the standard input")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--model", arguments->model,
                   "Throughput of a GPU against tensor parallel size for this model instead")
      ->type_name("MODEL")
      ->check(not_empty());
  add_tp(*command, arguments->tp);
  command->add_option("--shape", arguments->shape, "This shape alone: 16/8/128")
      ->type_name("Q/KV/DIM")
      ->check(not_empty())
      ->excludes("--model");
  command->add_flag("--all", arguments->all, "Every row of long tables");
  command->add_flag("--json", arguments->json, "Print JSON, with every row");
  command->footer(
      "With --model, figures are of full attention: above the tables stands how many layers see\n"
      "a window only. Marks behind figures in doubt are explained below the tables.\n"
      "Examples:\n"
      "  headroom profile show h200.json\n"
      "  headroom profile show h200.json --shape 16/8/128\n"
      "  headroom profile show h200.json --model gemma-3-27b-it --tp 1,2,4,8,16,32");
  command->callback(
      [arguments, &exit_code] { exit_code = answered([&] { return print_profile(*arguments); }); });
}

}  // namespace headroom::cli
