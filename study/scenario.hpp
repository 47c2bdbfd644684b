#pragma once
// A scenario: everything that decides a result, from one TOML file and the overrides of a command
// line. Format: docs/scenario.md. It is read and checked whole before anything runs.

#include "sim/cluster/spec.hpp"
#include "sim/core/config.hpp"
#include "sim/engine/engine.hpp"
#include "sim/observe/metrics.hpp"
#include "sim/policy/queue_discipline.hpp"
#include "sim/run/simulation.hpp"
#include "sim/workload/request.hpp"
#include "study/cost/cost_choice.hpp"
#include "traces/generate/spec.hpp"
#include "traces/generator.hpp"
#include "traces/lifetimes.hpp"
#include "traces/mix.hpp"
#include "traces/token_profile.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace headroom {

/// A recorded trace and what its rows stand for.
struct TraceWorkload {
  std::filesystem::path file;
  std::string format;   // name of a task format
  bool as_llm = false;  // rows become deployments drawn from `mix`
  std::optional<Mix> mix;
  std::optional<double> load;  // share of the cluster's GPUs asked for at once
  /// Of tasks whose trace does not say how long they ran; nullopt: such a task is a bad row.
  std::optional<LifetimeModel> lifetimes;
  bool skip_bad_rows = false;
  std::optional<TokenProfile> tokens;  // lengths and concurrency of the deployments
};

/// A trace made up from a generator file, at the load that the scenario asks for.
struct TaskGeneratorWorkload {
  std::filesystem::path file;
  GeneratorSpec spec;
  bool as_llm = false;
  std::optional<Mix> mix;
  std::optional<double> load;
  std::optional<TokenProfile> tokens;
};

/// Deployments made up by the generator.
struct GeneratedWorkload {
  GeneratorConfig config;  // seed and cluster_gpus are filled in for each run
  Mix mix;
};

/// Requests written in the scenario itself.
struct ListedWorkload {
  std::vector<Request> requests;  // by arrival
};

using Workload =
    std::variant<TraceWorkload, GeneratedWorkload, ListedWorkload, TaskGeneratorWorkload>;

/// What the author says must come out; checked after the run (exit code 1 where it does not hold).
struct Expectation {
  std::string policy;
  std::string request;
  std::string outcome;
  std::optional<std::string> reason;
  std::optional<int> tp;
  std::optional<int> pp;
  std::optional<int> gpus;
  std::optional<int> nodes;
  SourcePlace place;
};

inline constexpr std::string_view kUsualQueue = "fifo-skip";

struct Scenario {
  std::string name;
  std::string description;
  std::filesystem::path file;
  ClusterSpec cluster;
  std::string engine = "vllm";
  MemoryOverheads overheads;
  CostChoice cost;
  Workload workload;
  std::vector<std::string> policies;
  std::string base_placer;
  std::string queue;
  QueueOptions queue_options;
  std::uint64_t seed = 1;
  SimulationOptions simulation;
  MeasureWindow window;
  Duration series_interval = std::chrono::hours(1);
  std::vector<Expectation> expectations;
  std::optional<ConfigTable> config;  // for [policy.NAME]; never null after reading
};

/// What a command line may change.
struct ScenarioOverrides {
  std::vector<std::string> sets;  // "key.path=value"
  std::optional<std::filesystem::path> trace;
  std::vector<std::string> policies;
  std::optional<std::string> on_bad_row;  // as the key workload.on_bad_row
  bool no_audit = false;
};

[[nodiscard]] Result<Scenario> read_scenario(const std::filesystem::path& file,
                                             const ScenarioOverrides& overrides);
/// Of a document that was read already; paths in it are relative to the folder of `file`.
[[nodiscard]] Result<Scenario> read_scenario(ConfigTable config, const std::filesystem::path& file,
                                             const ScenarioOverrides& overrides);

/// The path that a required key names. Error: missing, or as resolve_path, with the key's place.
[[nodiscard]] Result<std::filesystem::path> path_at(const ConfigTable& table, std::string_view key,
                                                    const std::filesystem::path& base);

/// A path of a scenario: "$NAME/..." takes the environment variable, a relative one is relative to
/// `base`. Error: the variable is not set.
[[nodiscard]] Result<std::filesystem::path> resolve_path(const std::string& text,
                                                         const std::filesystem::path& base);

}  // namespace headroom
