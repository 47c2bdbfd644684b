// headroom profile validate: how far fits are off.

#include "cli/commands.hpp"
#include "cli/profile_commands.hpp"
#include "study/profile/fitted_gpu.hpp"
#include "study/profile_fit/validate.hpp"
#include "study/progress.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

namespace headroom::cli {
namespace {

struct ValidateArguments {
  std::string file;
  std::string against;
  bool json = false;
};

Result<int> print_validation(const ValidateArguments& arguments) {
  HEADROOM_TRY(const profile::Profile judged, profile::read_profile(arguments.file));
  HEADROOM_CHECK(in_file(profile::gpu_type_of(judged), arguments.file));
  std::optional<profile::Profile> against;
  if (!arguments.against.empty()) {
    HEADROOM_TRY(against, profile::read_profile(arguments.against));
    HEADROOM_CHECK(in_file(profile::gpu_type_of(*against), arguments.against));
  }
  Progress progress(on_terminal(), profile_fit::samples_of(judged).size(), "fits");
  const auto done = [&] { progress.job_done(); };
  HEADROOM_TRY(
      const auto found,
      in_file(profile_fit::validate(judged, against ? &*against : nullptr, done), arguments.file));
  progress.finish();
  fmt::print("{}", arguments.json ? profile_fit::validation_json(found)
                                  : profile_fit::validation_text(found));
  return found.ok() ? kDone : kGateFailed;
}

}  // namespace

void add_profile_validate_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<ValidateArguments>();
  CLI::App* command = group.add_subcommand(
      "validate", "How far a profile's fits are off for shapes that they have not seen");
  command->add_option("profile", arguments->file, "The profile; - for the standard input")
      ->required()
      ->type_name("PROFILE");
  command
      ->add_option("--against", arguments->against,
                   "Also predict this other GPU's points from the fits, by the data sheets' rates")
      ->type_name("OTHER")
      ->check(not_empty());
  command->add_flag("--json", arguments->json, "Print JSON");
  command->footer(
      "Points are fitted anew; a profile without any is shown with the errors it states. The "
      "bound\n"
      "is on median and 90th percentile. Exit code 1: a bound is not held.\n"
      "Examples:\n"
      "  headroom profile validate h200.json\n"
      "  headroom profile validate h200.json --against h100.json");
  command->callback([arguments, &exit_code] {
    exit_code = answered([&] { return print_validation(*arguments); });
  });
}

}  // namespace headroom::cli
