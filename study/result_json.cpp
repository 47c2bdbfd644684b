#include "study/result_json.hpp"

#include "study/figure_text.hpp"
#include "study/skipped_json.hpp"

#include <headroom_version.hpp>
#include <nlohmann/json.hpp>

#include <variant>

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json cluster_json(const ClusterSpec& cluster) {
  Json types = Json::array();
  for (std::size_t i = 0; i < cluster.gpu_types.size(); ++i) {
    const auto& type = cluster.gpu_types[i];
    types.push_back({{"name", type.name},
                     {"gpus", cluster.gpu_count(static_cast<GpuTypeId>(i))},
                     {"memory_bytes", type.memory},
                     {"source", type.source}});
  }
  return {{"nodes", cluster.nodes.size()},
          {"gpus", cluster.gpu_count()},
          {"gpu_types", std::move(types)}};
}

Json workload_json(const Scenario& scenario, const StudyResult& result) {
  Json out;
  if (const auto* trace = std::get_if<TraceWorkload>(&scenario.workload)) {
    out["kind"] = "trace";
    // The name, not the path: a result does not depend on where the trace lies.
    out["trace"] = trace->file.filename().string();
    out["format"] = trace->format;
    out["as"] = trace->as_llm ? "llm" : "opaque";
    if (trace->mix) out["mix"] = trace->mix->name;
    if (trace->tokens) out["tokens"] = trace->tokens->name;
    if (trace->load) out["load"] = *trace->load;
    if (result.load_scale) {
      out["copies"] = result.load_scale->copies;
      out["lifetime_factor"] = result.load_scale->stretch();
    }
    if (trace->lifetimes) {
      out["lifetime_median_s"] = to_seconds(trace->lifetimes->median);
      out["lifetime_sigma"] = trace->lifetimes->sigma;
    }
    if (result.skipped_rows) out["skipped_rows"] = skipped_json(*result.skipped_rows);
  } else if (const auto* generated = std::get_if<GeneratedWorkload>(&scenario.workload)) {
    out["kind"] = "generated";
    out["mix"] = generated->mix.name;
    out["requests"] = generated->config.requests;
    out["load"] = generated->config.load;
    out["arrival_cv"] = generated->config.arrival_cv;
    out["lifetime_median_s"] = to_seconds(generated->config.lifetime_median);
    out["lifetime_sigma"] = generated->config.lifetime_sigma;
  } else if (const auto* made = std::get_if<TaskGeneratorWorkload>(&scenario.workload)) {
    out["kind"] = "generator";
    out["generator"] = made->file.filename().string();
    out["as"] = made->as_llm ? "llm" : "opaque";
    if (made->as_llm) out["mix"] = made->mix->name;
    if (made->tokens) out["tokens"] = made->tokens->name;
    if (made->load) out["load"] = *made->load;
    out["arrivals_per_hour"] = made->spec.arrivals.rate_per_h;
    if (made->spec.requests) out["requests"] = *made->spec.requests;
    if (made->spec.span) out["span_s"] = to_seconds(*made->spec.span);
  } else {
    out["kind"] = "listed";
    out["requests"] = std::get<ListedWorkload>(scenario.workload).requests.size();
  }
  return out;
}

Json dynamics_json(const ClusterDynamics& dynamics) {
  Json out;
  out["events"] = dynamics.events.size();
  if (dynamics.failures) {
    out["mtbf_s"] = to_seconds(dynamics.failures->mtbf);
    out["repair_s"] = to_seconds(dynamics.failures->repair);
    out["shape"] = dynamics.failures->shape;
    out["repair_shape"] = dynamics.failures->repair_shape;
  }
  out["on_loss"] = dynamics.on_loss == OnLoss::lose ? "lose" : "place_again";
  out["tasks"] = dynamics.tasks_start_over ? "start_over" : "go_on";
  if (dynamics.disk) {
    out["disk_bytes"] = dynamics.disk->capacity;
    out["disk_bandwidth"] = dynamics.disk->bandwidth;
  }
  return out;
}

Json runs_json(const StudyResult& result) {
  Json runs = Json::array();
  for (const auto& run : result.runs) {
    Json metrics;
    for (const auto& value : run.values) metrics[value.key] = value.value;
    Json refused = Json::object();
    for (const auto& [rule, count] : run.refused_by_rule) refused[rule] = count;
    runs.push_back({{"policy", run.policy},
                    {"seed", run.seed},
                    {"metrics", std::move(metrics)},
                    {"refused_by_rule", std::move(refused)},
                    {"events", run.events}});
  }
  return runs;
}

Json summary_json(const StudyResult& result) {
  Json summary = Json::array();
  for (const auto& row : result.summary) {
    Json entry = {{"policy", row.policy},
                  {"metric", row.mean.key},
                  {"unit", row.mean.unit},
                  {"mean", row.mean.value}};
    entry["half_width_95"] = row.half_width ? Json(*row.half_width) : Json(nullptr);
    summary.push_back(std::move(entry));
  }
  return summary;
}

Json speeds_json(const Scenario& scenario) {
  Json out = Json::array();
  for (const SpeedSource& of :
       speed_sources(scenario.cost, scenario.engine, scenario.cluster.gpu_types)) {
    out.push_back({{"source", of.source}, {"gpus", of.gpus}});
  }
  return out;
}

}  // namespace

std::string headroom_version() { return HEADROOM_VERSION " (" HEADROOM_REVISION ")"; }

std::string result_json(const Scenario& scenario, const StudyResult& result) {
  Json out;
  out["schema"] = kResultSchema;
  out["version"] = kResultVersion;
  out["headroom"] = {{"version", HEADROOM_VERSION}, {"revision", HEADROOM_REVISION}};
  out["scenario"] = {{"name", scenario.name},
                     {"description", scenario.description},
                     {"file", scenario.file.filename().string()},
                     {"engine", scenario.engine},
                     {"queue", scenario.queue},
                     {"base_placer", scenario.base_placer},
                     {"audit", scenario.simulation.audit}};
  if (scenario.simulation.exact_durations) out["scenario"]["durations"] = "exact";
  if (scenario.queue_options.reserve_machines) out["scenario"]["reserve"] = "machines";
  out["cluster"] = cluster_json(scenario.cluster);
  out["workload"] = workload_json(scenario, result);
  // Only where they are: results of other runs have the bytes that they always had.
  const ClusterDynamics& dynamics = scenario.simulation.dynamics;
  if (dynamics.nodes_change() || dynamics.disk) out["dynamics"] = dynamics_json(dynamics);
  if (result.from_s) out["from_s"] = *result.from_s;
  out["assumptions"] = scenario.cluster.assumptions;
  if (has_speeds(scenario, result)) out["speeds"] = speeds_json(scenario);
  out["seeds"] = result.seeds;
  out["runs"] = runs_json(result);
  out["summary"] = summary_json(result);
  Json differences = Json::array();
  for (const auto& row : result.differences) {
    differences.push_back({{"policies", {row.policy_a, row.policy_b}},
                           {"outcomes", {row.outcome_a, row.outcome_b}},
                           {"requests", row.requests},
                           {"examples", row.examples}});
  }
  out["differences"] = {{"seed", result.seeds.front()},
                        {"compared", result.compared},
                        {"ended_differently", result.ended_differently},
                        {"rows", std::move(differences)}};
  return dump(out);
}

std::string wall_clock_json(const StudyResult& result) {
  Json runs = Json::array();
  for (const auto& run : result.runs) {
    runs.push_back({{"policy", run.policy},
                    {"seed", run.seed},
                    {"seconds", run.wall_seconds},
                    {"events", run.events}});
  }
  return dump({{"runs", std::move(runs)}});
}

}  // namespace headroom
