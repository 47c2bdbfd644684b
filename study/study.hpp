#pragma once
// Running a scenario: every policy for every seed, side by side, and what came out.

#include "sim/observe/metrics.hpp"
#include "sim/observe/outcome_log.hpp"
#include "study/saved_state.hpp"
#include "study/scenario.hpp"
#include "traces/load.hpp"
#include "traces/rows.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace headroom {

struct StudyOptions {
  std::vector<std::uint64_t> seeds;  // empty = the scenario's own
  int jobs = 0;                      // runs at a time; 0 = one per core
  /// Where decision logs and series go; nullopt = neither is written.
  std::optional<std::filesystem::path> folder;
  bool decision_log = true;
  bool progress = false;  // a line on stderr
  /// Each run writes its state at this instant into the folder: state-POLICY.json.
  std::optional<SimTime> dump_at;
  /// Every run goes on from this state; then `seeds` holds its seed, or nothing.
  std::optional<SavedState> from;
};

struct RunResult {
  std::string policy;
  std::uint64_t seed = 0;
  std::vector<MetricValue> values;
  std::map<std::string, std::uint64_t> refused_by_rule;
  OutcomeLog outcomes;
  std::uint64_t events = 0;
  double wall_seconds = 0.0;
};

/// Mean over seeds; half the width of the 95 % interval (Student t), absent for one seed.
struct Summary {
  std::string policy;
  MetricValue mean;
  std::optional<double> half_width;
};

/// Requests that ended differently under two policies, by how (first seed).
struct Difference {
  std::string policy_a;
  std::string policy_b;
  std::string outcome_a;
  std::string outcome_b;
  std::uint64_t requests = 0;
  std::vector<std::string> examples;  // up to three names
};

struct StudyResult {
  std::vector<std::uint64_t> seeds;
  std::optional<LoadScale> load_scale;
  std::optional<SkippedRows> skipped_rows;  // where bad rows are passed over
  std::optional<double> from_s;             // where the runs went on from a saved state
  std::vector<RunResult> runs;              // by policy in the scenario's order, then by seed
  std::vector<Summary> summary;
  std::vector<Difference> differences;
  std::uint64_t compared = 0;           // requests of the window in the first seed's runs
  std::uint64_t ended_differently = 0;  // of those, not the same under all policies
  std::vector<std::string> failed_expectations;
  std::vector<std::string>
      ended_before_dump;  // runs of which no state was written: "naive, seed 1"
};

/// Error: of the workload (bad row, unsorted trace) or of a file that cannot be written. Throws
/// Fault on a fault of a policy.
[[nodiscard]] Result<StudyResult> run_study(const Scenario& scenario, const StudyOptions& options);

/// One policy with the scenario's seed, watched by `observer` alone.
[[nodiscard]] Status run_policy(const Scenario& scenario, const std::string& policy,
                                Observer& observer);

/// Mean and half width of the 95 % interval of the mean: t(n-1, 0.975) x s / sqrt(n), s with n-1.
/// Precondition: not empty.
[[nodiscard]] std::pair<double, std::optional<double>> mean_and_half_width(
    const std::vector<double>& values);

}  // namespace headroom
