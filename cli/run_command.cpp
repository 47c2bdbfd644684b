// headroom run: a scenario under its policies, side by side.

#include "cli/commands.hpp"
#include "cli/seeds.hpp"
#include "cli/side_by_side.hpp"
#include "sim/core/nearest.hpp"
#include "study/flat_pool.hpp"
#include "study/markdown_report.hpp"
#include "study/result_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace headroom::cli {
namespace {

constexpr std::size_t kDifferencesOfPair = 4;  // in Markdown; result.json has them all

struct RunArguments {
  std::string scenario;
  std::string trace;
  std::optional<std::string> on_bad_row;
  std::vector<std::string> policies;
  std::vector<std::string> sets;
  std::optional<std::string> seeds;
  std::string out;
  std::string dump_state;
  std::string from_state;
  std::string against;
  std::optional<std::int64_t> flat_gpus;
  std::string queue;
  std::string format;
  int jobs = 0;
  bool json = false;
  bool markdown = false;
  bool force = false;
  bool no_log = false;
  bool no_audit = false;
};

// Goes on from a saved state: with its seed, and its policy where none is named.
Status go_on_from(const RunArguments& arguments, Scenario& scenario, StudyOptions& options) {
  HEADROOM_TRY(options.from, read_state(arguments.from_state, scenario.cluster));
  const SavedState& state = *options.from;
  if (!options.seeds.empty() && options.seeds != std::vector{state.seed}) {
    return fail(fmt::format("the state is of seed {}", state.seed), {"--seeds"},
                "leave --seeds out: a run goes on with the seed it was saved with");
  }
  options.seeds = {state.seed};
  if (!arguments.policies.empty()) return {};
  const auto& names = scenario.policies;
  if (std::find(names.begin(), names.end(), state.policy) == names.end()) {
    return fail(fmt::format("the state is of policy '{}', which this scenario does not run",
                            state.policy.substr(0, 80)),
                {arguments.from_state}, "name one with --policy");
  }
  scenario.policies = {state.policy};
  return {};
}

Status set_states(const RunArguments& arguments, Scenario& scenario, StudyOptions& options) {
  if (!arguments.dump_state.empty()) {
    const auto at = parse_seconds(arguments.dump_state);
    if (!at || *at < Duration(0)) {
      return fail(fmt::format("'{}' is not a time", arguments.dump_state.substr(0, 40)),
                  {"--dump-state"}, "simulated seconds from the start, such as 86400");
    }
    if (arguments.out.empty()) {
      return fail("--dump-state needs a folder to write to", {}, "add --out FOLDER");
    }
    options.dump_at = SimTime(*at);
  }
  if (arguments.from_state.empty()) return {};
  return go_on_from(arguments, scenario, options);
}

Status check_against(const std::string& against, const Scenario& scenario) {
  if (against.empty()) return {};
  const auto& names = scenario.policies;
  if (std::find(names.begin(), names.end(), against) != names.end()) return {};
  return fail(fmt::format("'{}' is not a policy of this run", against.substr(0, 80)), {"--against"},
              suggest(against, names));
}

void keep_pairs_with(const std::string& policy, StudyResult& result) {
  std::erase_if(result.differences, [&](const Difference& row) {
    return row.policy_a != policy && row.policy_b != policy;
  });
}

ScenarioOverrides overrides_of(const RunArguments& arguments) {
  ScenarioOverrides overrides;
  overrides.sets = arguments.sets;
  if (!arguments.queue.empty()) overrides.sets.push_back("queue.discipline=" + arguments.queue);
  if (!arguments.format.empty()) overrides.sets.push_back("workload.format=" + arguments.format);
  overrides.policies = arguments.policies;
  overrides.no_audit = arguments.no_audit;
  overrides.on_bad_row = arguments.on_bad_row;
  if (!arguments.trace.empty()) overrides.trace = arguments.trace;
  return overrides;
}

Result<Scenario> scenario_of(const RunArguments& arguments) {
  const ScenarioOverrides overrides = overrides_of(arguments);
  if (arguments.flat_gpus) return flat_pool(*arguments.flat_gpus, overrides);
  if (!arguments.scenario.empty()) return read_scenario(arguments.scenario, overrides);
  return fail("nothing to run: no scenario", {},
              "name a scenario file, or a trace and a pool with --trace FILE --flat-gpus N");
}

Result<int> run_scenario(const RunArguments& arguments) {
  StudyOptions options;
  if (arguments.seeds) {
    HEADROOM_TRY(options.seeds, parse_seeds(*arguments.seeds));
  }
  HEADROOM_TRY(Scenario scenario, scenario_of(arguments));
  HEADROOM_CHECK(set_states(arguments, scenario, options));
  HEADROOM_CHECK(check_against(arguments.against, scenario));

  options.jobs = arguments.jobs;
  options.decision_log = !arguments.no_log;
  HEADROOM_TRY(StudyResult result, run_into(arguments.out, arguments.force, scenario, options));

  if (!arguments.against.empty()) keep_pairs_with(arguments.against, result);
  if (arguments.json) {
    fmt::print("{}", result_json(scenario, result));
  } else if (arguments.markdown) {
    fmt::print("{}", markdown_report(scenario, result, kDifferencesOfPair));
  } else {
    print_report(scenario, result, arguments.out);
  }
  for (const auto& run : result.ended_before_dump) {
    fmt::print(stderr, "headroom: {}: ended before {} s, no state of it was written\n", run,
               arguments.dump_state);
  }
  if (result.skipped_rows) report_skipped(*result.skipped_rows);
  for (const auto& failure : result.failed_expectations)
    fmt::print(stderr, "headroom: {}\n", failure);
  return result.failed_expectations.empty() ? kDone : kGateFailed;
}

}  // namespace

void add_run_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = app.add_subcommand("run", "Run a scenario under its policies, side by side");
  CLI::Option* scenario =
      command->add_option("scenario", arguments->scenario, "Scenario file (TOML)")
          ->type_name("FILE");
  command
      ->add_option("--flat-gpus", arguments->flat_gpus,
                   "No scenario: the tasks of --trace on a pool of so many GPUs")
      ->check(CLI::Range(std::int64_t{1}, kMostFlatGpus))
      ->type_name("N")
      ->excludes(scenario);
  command
      ->add_option("--queue", arguments->queue,
                   "Queue discipline; default: the scenario's, fifo for a pool")
      ->type_name("NAME");
  command->add_option("--trace", arguments->trace, "Use this trace instead of the scenario's")
      ->type_name("FILE")
      ->check(not_empty());
  command
      ->add_option("--format", arguments->format,
                   "Of --trace (headroom formats lists them); default: the file tells")
      ->type_name("NAME");
  add_on_bad_row(*command, arguments->on_bad_row);
  // One value each time, so that the scenario may follow it.
  command
      ->add_option("--policy", arguments->policies,
                   "Run this policy (again for more); default: the scenario's")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command
      ->add_option("--seeds", arguments->seeds,
                   "1..5 or 1,2,7: mean and 95 % interval over them; default: the scenario's seed")
      ->type_name("SEEDS");
  command
      ->add_option("--set", arguments->sets,
                   "Override one value of the scenario (again for more), "
                   "for example queue.waiting_limit_s=60")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command
      ->add_option("--out", arguments->out,
                   "Write result.json, series and decision logs to this folder")
      ->type_name("FOLDER")
      ->check(not_empty());
  command
      ->add_option("--dump-state", arguments->dump_state,
                   "Write the state at this simulated second to the --out folder")
      ->type_name("SECONDS")
      ->check(not_empty());
  command
      ->add_option("--from-state", arguments->from_state,
                   "Go on from a state that --dump-state wrote, with its policy and seed")
      ->type_name("FILE")
      ->check(not_empty());
  command->add_option("-j,--jobs", arguments->jobs, "Runs at a time; default: one per core")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  CLI::Option* json =
      command->add_flag("--json", arguments->json, "Print result.json instead of tables");
  command->add_flag("--markdown", arguments->markdown, "Print the tables as Markdown")
      ->excludes(json);
  command
      ->add_option(
          "--against", arguments->against,
          "Tell how requests ended differently from this policy alone; default: every pair")
      ->type_name("POLICY")
      ->excludes(json);
  command->add_flag("--force", arguments->force, "Replace an earlier result in the --out folder");
  command->add_flag("--no-log", arguments->no_log, "Write no decision logs");
  command->add_flag("--no-audit", arguments->no_audit,
                    "Do not tell no_capacity from policy_missed (faster)");
  command->callback(
      [arguments, &exit_code] { exit_code = answered([&] { return run_scenario(*arguments); }); });
}

}  // namespace headroom::cli
