#include "cli/side_by_side.hpp"

#include "cli/commands.hpp"
#include "study/result_json.hpp"
#include "study/run_folder.hpp"
#include "study/text_report.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace headroom::cli {

Result<StudyResult> run_into(const std::string& out, bool force, const Scenario& scenario,
                             StudyOptions options) {
  options.progress = on_terminal();
  if (out.empty()) return run_study(scenario, options);
  HEADROOM_TRY(const std::unique_ptr<RunFolder> folder, RunFolder::create(out, force));
  options.folder = folder->path();
  HEADROOM_TRY(StudyResult result, run_study(scenario, options));
  HEADROOM_CHECK(folder->write(std::string(kWallClockFile), wall_clock_json(result)));
  HEADROOM_CHECK(folder->write(std::string(kResultFile), result_json(scenario, result)));
  HEADROOM_CHECK(folder->commit());
  return result;
}

void print_report(const Scenario& scenario, const StudyResult& result, const std::string& out) {
  fmt::print("{}\n{}", describe_scenario(scenario, result), policy_table(scenario, result));
  const std::string differences = difference_table(result);
  if (!differences.empty()) fmt::print("\n{}", differences);
  if (!out.empty()) {
    fmt::print(
        "\nFiles in {}: result.json, series and decisions of each policy.\n"
        "Why a request ended as it did: headroom explain {} REQUEST\n",
        out, out);
  }
}

}  // namespace headroom::cli
