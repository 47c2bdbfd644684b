// headroom profile compare: times of one profile over those of another.

#include "cli/commands.hpp"
#include "cli/profile_commands.hpp"
#include "study/profile/compare.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <string>

namespace headroom::cli {
namespace {

struct CompareArguments {
  std::string a;
  std::string b;
  std::int64_t top = 10;
  bool json = false;
};

Result<int> print_comparison(const CompareArguments& arguments) {
  HEADROOM_TRY(const profile::Profile a, profile::read_profile(arguments.a));
  HEADROOM_TRY(const profile::Profile b, profile::read_profile(arguments.b));
  HEADROOM_TRY(const profile::Comparison found, profile::compare(a, b));
  fmt::print("{}", arguments.json
                       ? profile::compare_json(found)
                       : profile::compare_text(found, static_cast<std::size_t>(arguments.top)));
  return kDone;
}

}  // namespace

void add_profile_compare_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command =
      group.add_subcommand("compare", "Times of one profile over those of another, by shape");
  command->add_option("a", arguments->a, "The profile to compare with")->required()->type_name("A");
  command->add_option("b", arguments->b, "The profile whose times are divided by A's")
      ->required()
      ->type_name("B");
  command->add_option("--top", arguments->top, "How many of the largest differences")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print JSON, with all differences");
  command->footer(
      "Hot medians where both have them, else cold ones. A CPU is not compared with a GPU.\n"
      "Example:\n"
      "  headroom profile compare h100.json h200.json --top 20");
  command->callback([arguments, &exit_code] {
    exit_code = answered([&] { return print_comparison(*arguments); });
  });
}

}  // namespace headroom::cli
