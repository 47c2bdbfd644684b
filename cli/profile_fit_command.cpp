// headroom profile fit: times of any size from those that were measured.

#include "cli/commands.hpp"
#include "cli/profile_commands.hpp"
#include "study/output_file.hpp"
#include "study/profile/fitted_gpu.hpp"
#include "study/profile/join.hpp"
#include "study/profile/words.hpp"
#include "study/profile_fit/fit_profile.hpp"
#include "study/progress.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace headroom::cli {
namespace {

struct FitArguments {
  std::vector<std::string> files;
  std::string out;
  bool fits_only = false;
  bool force = false;
};

Result<std::vector<profile::Profile>> read_all(const std::vector<std::string>& files) {
  std::vector<profile::Profile> out;
  for (const std::string& file : files) {
    HEADROOM_TRY(profile::Profile one, profile::read_profile(file));
    out.push_back(std::move(one));
  }
  return out;
}

void leave_out_points(profile::Profile& of) {
  of.attention.clear();
  of.collectives.clear();
  of.matmuls.clear();
  of.latent_attention.clear();
  of.served.clear();
  of.skipped.clear();
  of.tool.revision.reset();  // the same tables give the same bytes
}

Result<int> fit_profiles(const FitArguments& arguments) {
  HEADROOM_TRY(std::vector<profile::Profile> profiles, read_all(arguments.files));
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    HEADROOM_CHECK(in_file(profile::gpu_type_of(profiles[i]), arguments.files[i]));
  }
  HEADROOM_TRY(const GpuType gpu, profile_fit::gpu_of(profiles));
  const std::vector<profile_fit::SampleSet> sets = profile_fit::samples_of(profiles);
  HEADROOM_TRY(profile::Profile fitted, profile::join(std::move(profiles)));
  HEADROOM_TRY(OutputFile out, OutputFile::open(arguments.out, arguments.force));
  profile_fit::ProfileFits found;
  {
    Progress progress(on_terminal(), sets.size(), "fits");
    found = profile_fit::fit_sets(sets, gpu, [&] { progress.job_done(); });
  }
  for (const std::string& one : found.left_out) {
    fmt::print(stderr, "headroom: not fitted: {}\n", one);
  }
  if (found.fits.empty()) return fail("there is nothing to fit", {arguments.files.front()});
  fitted.fits = std::move(found.fits);
  if (arguments.fits_only) leave_out_points(fitted);
  HEADROOM_CHECK(out.write(profile::profile_json(fitted)));
  HEADROOM_CHECK(out.close());
  std::size_t knots = 0;
  for (const FittedTime& fit : fitted.fits) knots += fit.grid.size();
  fmt::print("{}: {} of {}, {}\n", arguments.out, profile::counted(fitted.fits.size(), "fit"),
             gpu.name, profile::counted(knots, "knot"));
  return kDone;
}

}  // namespace

void add_profile_fit_command(CLI::App& group, int& exit_code) {
  auto arguments = std::make_shared<FitArguments>();
  CLI::App* command = group.add_subcommand(
      "fit", "Adds to a profile what its points say of sizes in between, with the errors");
  command
      ->add_option("profiles", arguments->files,
                   "Profiles of one GPU type, whose points are put together")
      ->required()
      ->type_name("PROFILE")
      ->check(not_empty());
  command->add_option("--out", arguments->out, "The profile to write")
      ->required()
      ->type_name("FILE")
      ->check(not_empty());
  command->add_flag("--fits-only", arguments->fits_only, "Leave out the points");
  command->add_flag("--force", arguments->force, "Replace the --out file");
  command->footer(
      "What has fewer than 20 points is not fitted, which stderr says. docs/profile.md says how a\n"
      "fit is made and judged; `headroom profile validate` prints its errors.\n"
      "Example:\n"
      "  headroom profile fit h200.json --fits-only --out h200-fits.json");
  command->callback(
      [arguments, &exit_code] { exit_code = answered([&] { return fit_profiles(*arguments); }); });
}

}  // namespace headroom::cli
