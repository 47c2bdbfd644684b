#include "study/scenario.hpp"

#include "policies/registry.hpp"
#include "sim/cluster/links_reader.hpp"
#include "sim/hardware/gpu_type.hpp"
#include "study/cluster_file.hpp"
#include "study/dynamics_reader.hpp"
#include "study/generator_workload.hpp"
#include "study/listed_requests.hpp"
#include "study/queue_reader.hpp"
#include "study/scenario_check.hpp"
#include "traces/formats.hpp"
#include "traces/openb_nodes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <set>

namespace headroom {
namespace {

namespace fs = std::filesystem;

// Bounds that keep every sum of times inside the simulated clock.
constexpr Duration kLongestStep = std::chrono::hours{24 * 7};  // of a start or a back-off
constexpr std::int64_t kSlowestStorage = 1'000'000;            // bytes/s
constexpr std::size_t kMostGpusPerNode = 64;

// Decimal seconds up to `most`.
Duration seconds_up_to(const ConfigTable& table, const char* key, Duration most,
                       Duration fallback) {
  const Duration value = table.seconds_or(key, fallback);
  if (value <= most) return value;
  table.reject(key, fmt::format("'{}' is {} s, but may be at most {} s ({})", key,
                                seconds_text(value), seconds_text(most), duration_text(most)));
  return fallback;
}

GpuAliases read_aliases(const ConfigTable& config) {
  GpuAliases aliases;
  const ConfigTable table = config.table("gpu_alias");
  for (const auto& name : table.keys()) {
    aliases[name] = table.text(name);
    const auto type = find_gpu_type(aliases[name]);
    if (table.status() && !type) table.reject(name, type.error().message, type.error().hint);
  }
  return aliases;
}

Result<ClusterSpec> cluster_of_openb(const fs::path& file, const GpuAliases& aliases) {
  HEADROOM_TRY(const auto nodes, read_openb_nodes(file));
  ClusterSpec spec;
  for (const OpenbNode& node : nodes) {
    if (static_cast<std::size_t>(node.gpus) > kMostGpusPerNode) {
      return fail(fmt::format("node '{}' has {} GPUs, but may have {}", node.name, node.gpus,
                              kMostGpusPerNode),
                  {file.string()});
    }
    NodeShape shape;
    shape.cpu_milli = node.cpu_milli;
    shape.ram = node.ram;
    if (node.gpus > 0) {
      auto type = spec.intern_gpu(node.model, aliases);
      if (!type) return fail(type.error().message, {file.string()}, type.error().hint);
      shape.gpus.assign(static_cast<std::size_t>(node.gpus), *type);
    }
    spec.nodes.push_back({node.name, spec.intern_shape(shape), {}});
  }
  return spec;
}

// Three ways to say it: inline tables, a file of such tables, or openb's node list.
Result<ClusterSpec> read_cluster_table(const ConfigTable& config, const fs::path& base) {
  const GpuAliases aliases = read_aliases(config);
  const ConfigTable table = config.table("cluster");
  const bool from_file = table.has("file");
  const bool from_openb = table.has("openb_nodes");
  if (from_file + from_openb + table.has("nodes") > 1) {
    table.reject({}, "[cluster] takes one of: file, openb_nodes, [[cluster.nodes]]");
  }
  HEADROOM_CHECK(config.status());
  if (from_openb) {
    HEADROOM_TRY(const fs::path file, path_at(table, "openb_nodes", base));
    HEADROOM_TRY(ClusterSpec spec, cluster_of_openb(file, aliases));
    const ConfigTable network = table.table("network");
    if (!network.has("topology")) HEADROOM_CHECK(read_network(network, spec));
    HEADROOM_CHECK(read_topology(table, base, spec));
    return spec;
  }
  if (!from_file) {
    HEADROOM_TRY(ClusterSpec spec, read_cluster(table, aliases));
    HEADROOM_CHECK(read_topology(table, base, spec));
    return spec;
  }
  HEADROOM_TRY(const fs::path file, path_at(table, "file", base));
  return read_cluster_file(file, aliases);
}

void read_engine(const ConfigTable& config, Scenario& scenario) {
  const ConfigTable table = config.table("engine");
  scenario.engine = table.choice_or("name", engine_choices(), "vllm");
  MemoryOverheads& overheads = scenario.overheads;
  overheads.runtime = table.bytes_or("runtime_overhead", overheads.runtime);
  overheads.activation_floor = table.bytes_or("activation_floor", overheads.activation_floor);
  overheads.hybrid_kv_cache = table.flag_or("hybrid_kv_cache", overheads.hybrid_kv_cache);
}

Status read_cost(const ConfigTable& config, const fs::path& base, Scenario& scenario) {
  const ConfigTable table = config.table("cost");
  const std::string model = table.choice_or("model", kCostModels, kCostModels.front());
  std::vector<fs::path> profiles;
  for (const std::string& text : table.texts_or("profiles", {})) {
    HEADROOM_TRY(fs::path file, resolve_path(text, base));
    profiles.push_back(std::move(file));
  }
  HEADROOM_CHECK(config.status());
  HEADROOM_TRY(scenario.cost, choose_cost(model, profiles));
  return {};
}

void read_starts(const ConfigTable& config, SimulationOptions& options) {
  const ConfigTable refusal = config.table("refusal");
  static const std::array<std::string, 3> choices = {"restart_in_place", "give_up", "replan"};
  const std::string choice = refusal.choice_or("on_refusal", choices, choices[0]);
  options.on_refusal = choice == choices[1]   ? OnRefusal::give_up
                       : choice == choices[2] ? OnRefusal::replan
                                              : OnRefusal::restart_in_place;
  StartupModel& startup = options.startup;
  const auto step = [&](const char* key, Duration& value) {
    value = seconds_up_to(refusal, key, kLongestStep, value);
  };
  startup.attempts = static_cast<int>(refusal.integer_or("attempts", {1, 1000}, startup.attempts));
  step("backoff_first_s", startup.backoff_first);
  step("backoff_most_s", startup.backoff_most);
  step("configuration_check_s", startup.configuration_check);
  step("model_build_s", startup.model_build);
  step("memory_check_s", startup.memory_check);
  const ConfigTable start = config.table("startup");
  startup.storage_bandwidth = start.bytes_or("storage_bandwidth", startup.storage_bandwidth);
  if (startup.storage_bandwidth < kSlowestStorage) {
    start.reject("storage_bandwidth",
                 fmt::format("'startup.storage_bandwidth' is {} bytes/s, but must be at least {}",
                             startup.storage_bandwidth, kSlowestStorage));
  }
}

void read_simulation(const ConfigTable& config, Scenario& scenario) {
  SimulationOptions& options = scenario.simulation;
  read_queue(config, scenario);
  read_starts(config, options);

  const ConfigTable run = config.table("run");
  options.audit = run.flag_or("audit", true);
  if (run.has("until_s")) options.until = SimTime(run.seconds_or("until_s", Duration(0)));
  const ConfigTable measure = config.table("measure");
  if (measure.has("from_s")) scenario.window.from = SimTime(measure.seconds_or("from_s", {}));
  if (measure.has("to_s")) scenario.window.to = SimTime(measure.seconds_or("to_s", {}));
  if (scenario.window.from && scenario.window.to && *scenario.window.to <= *scenario.window.from) {
    measure.reject("to_s", "'measure.to_s' must be after 'measure.from_s'");
  }
  const ConfigTable output = config.table("output");
  scenario.series_interval = output.seconds_or("series_interval_s", scenario.series_interval);
  if (scenario.series_interval < std::chrono::seconds(1)) {
    output.reject("series_interval_s", "'output.series_interval_s' must be at least 1");
  }
}

// Failures by chance never end: what waits for ever would be waited for as long.
Status check_end(const ConfigTable& config, const SimulationOptions& options) {
  if (!options.dynamics.failures || options.waiting_limit || options.until) return {};
  return fail("with [failures] and queue.wait_forever the run may never end",
              config.table("queue").place("wait_forever"), "set run.until_s, or a waiting limit");
}

Status read_policies(const ConfigTable& config, const ScenarioOverrides& overrides,
                     Scenario& scenario) {
  scenario.policies = config.texts_or("policies", {"naive", "head-aware", "fallback-search"});
  if (!overrides.policies.empty()) scenario.policies = overrides.policies;
  scenario.base_placer = config.text_or("base_placer", "first-fit");
  const SourcePlace place =
      overrides.policies.empty() ? config.place("policies") : SourcePlace{"--policy"};
  if (scenario.policies.empty()) return fail("no policy is named", place);
  std::set<std::string> seen;
  for (const auto& name : scenario.policies) {
    const auto found = find_policy(name);
    if (!found) return fail(found.error().message, place, found.error().hint);
    if (!seen.insert(name).second) return fail(fmt::format("'{}' is named twice", name), place);
  }
  const auto base = find_policy(scenario.base_placer);
  if (!base) {
    return fail(base.error().message, config.place("base_placer"), base.error().hint);
  }
  if (!(*base)->takes_opaque) {
    return fail(fmt::format("'{}' does not place opaque tasks, as a base placer must",
                            scenario.base_placer),
                config.place("base_placer"));
  }
  // Options of policies that do not run are still checked: they are part of the file.
  const ConfigTable options = config.table("policy");
  for (const auto& policy : options.keys()) {
    const auto found = find_policy(policy);
    if (!found) return fail(found.error().message, options.place(policy), found.error().hint);
  }
  return {};
}

void read_lifetimes(const ConfigTable& table, TraceWorkload& workload) {
  LifetimeModel model;
  const bool given = table.has("lifetime_median_s");
  model.median = seconds_up_to(table, "lifetime_median_s", kLongestWait, model.median);
  model.sigma = table.number_or("lifetime_sigma", {0.0, 4.0}, model.sigma);
  if (given && model.median <= Duration::zero()) {
    table.reject("lifetime_median_s", "'workload.lifetime_median_s' must be above 0");
  }
  if (!given && table.has("lifetime_sigma")) {
    table.reject("lifetime_sigma", "'workload.lifetime_sigma' needs a lifetime_median_s");
  }
  if (given) workload.lifetimes = model;
}

Result<Workload> read_trace_workload(const ConfigTable& table, const fs::path& base,
                                     const ScenarioOverrides& overrides) {
  TraceWorkload workload;
  if (overrides.trace) {
    (void)table.text_or("trace", "");
    workload.file = *overrides.trace;
  } else {
    HEADROOM_TRY(workload.file, path_at(table, "trace", base));
  }
  static const std::array<std::string, 2> meanings = {"opaque", "llm"};
  workload.as_llm = table.choice_or("as", meanings, "opaque") == "llm";
  workload.format = table.choice_or("format", task_format_names(), "");
  // The scenario's format is that of its own trace; with --trace the file tells, unless --set does.
  const bool set =
      std::any_of(overrides.sets.begin(), overrides.sets.end(),
                  [](const std::string& text) { return text.starts_with("workload.format="); });
  if (overrides.trace && !set) workload.format.clear();
  if (table.has("load")) workload.load = table.number("load", {0.001, 100.0});
  static const std::array<std::string, 2> on_bad_row = {"stop", "skip"};
  workload.skip_bad_rows = table.choice_or("on_bad_row", on_bad_row, on_bad_row[0]) == "skip";
  read_lifetimes(table, workload);
  if (workload.as_llm && !table.has("mix")) {
    table.reject("as", "as = \"llm\" needs a mix of models",
                 "for example mix = \"mixes/model-zoo.toml\"");
  }
  HEADROOM_TRY(workload.tokens, read_tokens(table, base, workload.as_llm));
  HEADROOM_CHECK(table.status());
  if (workload.format.empty()) {
    HEADROOM_TRY(workload.format, guess_format(workload.file));
  }
  if (table.has("mix")) {
    HEADROOM_TRY(const fs::path file, path_at(table, "mix", base));
    HEADROOM_TRY(workload.mix, read_mix(file));
  }
  return workload;
}

Result<Workload> read_generated_workload(const ConfigTable& table, const fs::path& base,
                                         std::int64_t cluster_gpus) {
  const ConfigTable generate = table.table("generate");
  GeneratedWorkload workload;
  GeneratorConfig& config = workload.config;
  config.cluster_gpus = cluster_gpus;
  config.requests = generate.integer_or("requests", {1, 1'000'000'000}, config.requests);
  config.load = generate.number_or("load", {0.001, 100.0}, config.load);
  config.arrival_cv = generate.number_or("arrival_cv", {0.01, 100.0}, config.arrival_cv);
  config.lifetime_median = generate.seconds_or("lifetime_median_s", config.lifetime_median);
  config.lifetime_sigma = generate.number_or("lifetime_sigma", {0.0, 4.0}, config.lifetime_sigma);
  config.cpu_milli_per_gpu =
      1000 * generate.integer_or("cpus_per_gpu", {0, 10'000}, config.cpu_milli_per_gpu / 1000);
  config.ram_per_gpu = generate.bytes_or("ram_per_gpu", config.ram_per_gpu);
  HEADROOM_CHECK(table.status());
  HEADROOM_TRY(const fs::path file, path_at(table, "mix", base));
  HEADROOM_TRY(workload.mix, read_mix(file));
  return workload;
}

Result<Workload> read_workload(const ConfigTable& config, const fs::path& base,
                               const ScenarioOverrides& overrides, std::int64_t cluster_gpus) {
  const ConfigTable table = config.table("workload");
  const bool trace = table.has("trace") || overrides.trace.has_value();
  const bool generated = table.has("generate");
  const bool from_file = table.has("generator");
  const bool listed = config.has("request");
  if (trace + generated + from_file + listed > 1) {
    return fail(
        "a scenario takes one of: workload.trace (or --trace), workload.generator, "
        "[workload.generate], [[request]]",
        table.place());
  }
  if (cluster_gpus == 0 && (generated || table.has("load"))) {
    return fail("a load is a share of the GPUs that others do not fill, and this cluster has none",
                table.place(generated ? "generate" : "load"));
  }
  if (trace) return read_trace_workload(table, base, overrides);
  if (generated) return read_generated_workload(table, base, cluster_gpus);
  if (from_file) return read_generator_workload(table, base, cluster_gpus);
  if (!listed) {
    // Rather a misspelt [[request]] or [workload] than this.
    if (!config.has("workload")) HEADROOM_CHECK(config.finish());
    return fail("nothing to run: no workload", config.place("workload"),
                "name a trace with workload.trace or --trace, or add workload.generator, "
                "[workload.generate] or [[request]]");
  }
  HEADROOM_TRY(auto requests, read_listed_requests(config, base));
  if (requests.empty()) return fail("nothing to run: no [[request]]", config.place("request"));
  return ListedWorkload{std::move(requests)};
}

void read_expectations(const ConfigTable& config, Scenario& scenario) {
  std::vector<std::string> outcomes;
  for (const Outcome outcome : all_outcomes()) outcomes.emplace_back(outcome_name(outcome));
  for (const auto& entry : config.tables("expect")) {
    Expectation expect;
    expect.policy = entry.text("policy");
    expect.request = entry.text("request");
    expect.outcome = entry.text("outcome");
    if (entry.status()) (void)entry.choice_or("outcome", outcomes, "");
    if (entry.has("reason")) expect.reason = entry.text("reason");
    const auto optional_count = [&](const char* key) -> std::optional<int> {
      if (!entry.has(key)) return std::nullopt;
      return static_cast<int>(entry.integer(key, {1, 1'000'000}));
    };
    expect.tp = optional_count("tp");
    expect.pp = optional_count("pp");
    expect.gpus = optional_count("gpus");
    expect.nodes = optional_count("nodes");
    expect.place = entry.place();
    scenario.expectations.push_back(std::move(expect));
  }
}

}  // namespace

Result<fs::path> resolve_path(const std::string& text, const fs::path& base) {
  if (text.empty() || text.front() != '$') {
    const fs::path path(text);
    return path.is_absolute() ? path : base / path;
  }
  const auto slash = text.find('/');
  const std::string name = text.substr(1, slash == std::string::npos ? slash : slash - 1);
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return fail(fmt::format("'{}' needs the environment variable {}", text, name), {},
                fmt::format("set it to the folder that holds the files: {}=/path/to/them", name));
  }
  return slash == std::string::npos ? fs::path(value) : fs::path(value) / text.substr(slash + 1);
}

Result<fs::path> path_at(const ConfigTable& table, std::string_view key, const fs::path& base) {
  const std::string text = table.text(key);
  HEADROOM_CHECK(table.status());
  auto path = resolve_path(text, base);
  if (!path) return fail(path.error().message, table.place(key), path.error().hint);
  return path;
}

Result<Scenario> read_scenario(const fs::path& file, const ScenarioOverrides& overrides) {
  HEADROOM_TRY(auto config, ConfigTable::read(file));
  return read_scenario(std::move(config), file, overrides);
}

Result<Scenario> read_scenario(ConfigTable config, const fs::path& file,
                               const ScenarioOverrides& overrides) {
  for (const auto& set : overrides.sets) HEADROOM_CHECK(config.set(set));
  if (overrides.on_bad_row) {
    HEADROOM_CHECK(config.set("workload.on_bad_row=" + *overrides.on_bad_row));
  }
  const fs::path base = file.parent_path();

  Scenario scenario;
  scenario.file = file;
  check_schema(config, "headroom.scenario");
  scenario.name = config.text_or("name", file.stem().string());
  scenario.description = config.text_or("description", "");
  scenario.seed = static_cast<std::uint64_t>(config.integer_or("seed", {0, 1'000'000'000'000}, 1));
  read_engine(config, scenario);
  read_simulation(config, scenario);
  read_expectations(config, scenario);
  HEADROOM_CHECK(config.status());
  HEADROOM_CHECK(read_cost(config, base, scenario));
  HEADROOM_CHECK(read_policies(config, overrides, scenario));
  HEADROOM_TRY(scenario.cluster, read_cluster_table(config, base));
  HEADROOM_TRY(scenario.simulation.dynamics, read_dynamics(config, base, scenario.cluster));
  HEADROOM_CHECK(check_end(config, scenario.simulation));
  HEADROOM_CHECK(check_reservations(config, scenario));
  HEADROOM_TRY(scenario.workload,
               read_workload(config, base, overrides, scenario.cluster.capacity_gpus()));
  if (overrides.no_audit) scenario.simulation.audit = false;
  scenario.config = config;
  HEADROOM_CHECK(check_whole(scenario, overrides));
  HEADROOM_CHECK(config.finish());
  return scenario;
}

}  // namespace headroom
