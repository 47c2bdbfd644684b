#include "study/fit/json.hpp"

#include "study/fit/plans.hpp"

#include <headroom_version.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json header(const char* schema) {
  Json out;
  out["schema"] = schema;
  out["headroom"] = {{"version", HEADROOM_VERSION}, {"revision", HEADROOM_REVISION}};
  return out;
}

Json model_json(const Model& model) {
  Json out = {{"name", model.name},
              {"hub_id", model.hub_id},
              {"architecture", model.architecture},
              {"attention_heads", model.text.heads()},
              {"kv_heads", model.text.kv_heads()},
              {"head_dim", model.text.head_dim()},
              {"layers", model.text.layers()},
              {"vocab", model.text.vocab},
              {"parameters", total_parameters(model)},
              {"weight_bytes", weight_bytes(model)},
              {"dtype", model.dtype},
              {"quantization", nullptr},
              {"experts", model.text.has_experts()},
              {"longest_context", nullptr},
              {"source", model.source}};
  const std::string quantization = describe_quantization(model);
  if (!quantization.empty()) out["quantization"] = quantization;
  if (model.longest_context > 0) out["longest_context"] = model.longest_context;
  out["vision_heads"] = model.vision ? Json(model.vision->heads) : Json(nullptr);
  return out;
}

Json remarks_json(const std::vector<Remark>& remarks) {
  Json out = Json::array();
  for (const Remark& remark : remarks) {
    const char* kind = remark.kind == Remark::Kind::unknown    ? "unknown"
                       : remark.kind == Remark::Kind::fallback ? "fallback"
                                                               : "unverified";
    out.push_back({{"kind", kind}, {"rule", remark.rule}, {"sentence", remark.sentence}});
  }
  return out;
}

Json limits_json(const ServingLimits& limits) {
  Json out = {{"context", limits.context},
              {"sequences", limits.sequences},
              {"batched_tokens", limits.batched_tokens},
              {"utilisation", nullptr},
              {"kv_cache", limits.kv_cache == KvCacheType::fp8 ? "fp8" : "model"},
              {"encoder_data_parallel", limits.encoder_data_parallel}};
  if (limits.utilisation_asked)
    out["utilisation"] = static_cast<double>(limits.utilisation_ppm) / 1e6;
  return out;
}

Json gpus_json(const FitGpus& gpus) {
  Json types = Json::array();
  for (std::size_t i = 0; i < gpus.cluster.gpu_types.size(); ++i) {
    const auto& type = gpus.cluster.gpu_types[i];
    const auto id = static_cast<GpuTypeId>(i);
    types.push_back({{"name", type.name},
                     {"gpus", gpus.cluster.gpu_count(id)},
                     {"largest_node", gpus.cluster.largest_node(id)},
                     {"memory_bytes", type.memory},
                     {"source", type.source}});
  }
  return {{"name", gpus.words},
          {"nodes", gpus.cluster.nodes.size()},
          {"gpus", gpus.cluster.gpu_count()},
          {"gpu_types", std::move(types)}};
}

Json shapes_json(const FitShapes& shapes) {
  Json refused = Json::array();
  for (const auto& one : shapes.refused) {
    refused.push_back({{"size", one.size}, {"rule", one.rule}, {"reason", one.reason}});
  }
  return {{"accepted", shapes.accepted}, {"refused", std::move(refused)}};
}

Json memory_json(const FitPlan& plan) {
  if (plan.verdict.stages.empty()) return nullptr;
  const StageMemory& worst = plan.worst();
  return {{"budget", worst.budget},
          {"utilisation", static_cast<double>(plan.utilisation_ppm) / 1e6},
          {"outside", worst.outside},
          {"stage", plan.verdict.worst_stage},
          {"layers", worst.layers},
          {"weights", worst.weights},
          {"replicated_weights", worst.replicated_weights},
          {"activations", worst.activations},
          {"communication", worst.communication},
          {"runtime", worst.runtime},
          {"cuda_graphs", worst.cuda_graphs},
          {"kv_available", worst.kv_available},
          {"kv_per_sequence", worst.kv_per_sequence},
          {"kv_per_token", worst.kv_per_token}};
}

Json plan_json(const FitPlan& plan, const ClusterSpec& cluster) {
  Json out = {{"gpu", cluster.gpu_types[index(plan.gpu)].name},
              {"tp", plan.plan.tp},
              {"pp", plan.plan.pp},
              {"dp", plan.plan.dp},
              {"ep", plan.plan.ep},
              {"gpus", plan.plan.gpus()},
              {"nodes", plan.nodes},
              {"room", plan.room},
              {"accepted", plan.verdict.accepted}};
  if (!plan.verdict.accepted) {
    out["refusal"] = {{"rule", plan.verdict.refusal.rule},
                      {"reason", plan.verdict.refusal.sentence}};
  }
  out["memory"] = memory_json(plan);
  if (!plan.verdict.stages.empty()) {
    out["longest_context"] = plan.verdict.longest_context;
    const bool any = plan.full_sequences() == std::numeric_limits<std::int64_t>::max();
    out["full_sequences"] = any ? Json(nullptr) : Json(plan.full_sequences());
  }
  if (plan.verdict.accepted) {
    out["load_sequences"] = plan.load_sequences;
    out["tokens_per_s"] = static_cast<double>(plan.tokens_per_s) / 1000.0;
    out["speed_source"] = plan.speed_source;
  }
  out["remarks"] = remarks_json(plan.verdict.remarks);
  return out;
}

Json choices_json(const FitAnswer& answer) {
  Json out = Json::array();
  for (const FitChoice& choice : answer.choices) {
    Json passed = Json::array();
    for (const PassedOver& item : choice.passed_over) {
      passed.push_back({{"what", item.what}, {"why", item.why}});
    }
    out.push_back({{"policy", choice.policy},
                   {"plan", choice.plan ? plan_json(*choice.plan, answer.question.gpus->cluster)
                                        : Json(nullptr)},
                   {"reason", choice.reason},
                   {"passed_over", std::move(passed)}});
  }
  return out;
}

const char* kind_name(FitChange::Kind kind) {
  switch (kind) {
    case FitChange::Kind::context:
      return "context";
    case FitChange::Kind::kv_cache:
      return "kv_cache";
    case FitChange::Kind::step:
      return "batched_tokens";
    case FitChange::Kind::utilisation:
      return "utilisation";
    case FitChange::Kind::allowed_sizes:
      return "allowed_tp";
    case FitChange::Kind::stages:
      return "max_pp";
    case FitChange::Kind::vision:
      return "encoder_data_parallel";
    case FitChange::Kind::engine_release:
      return "engine";
    case FitChange::Kind::checkpoint:
      return "checkpoint";
    case FitChange::Kind::free_memory:
      return "free_memory";
    case FitChange::Kind::gpus_per_node:
      return "gpus_per_node";
    case FitChange::Kind::nodes:
      return "nodes";
    case FitChange::Kind::gpu_type:
      return "gpu_type";
  }
  return "";
}

Json changes_json(const FitAnswer& answer) {
  Json out = Json::array();
  for (const FitChange& change : answer.changes) {
    Json kinds = Json::array();
    for (const auto kind : change.kinds) kinds.push_back(kind_name(kind));
    const Model& model = *change.question.model;
    Json entry = {{"kinds", std::move(kinds)},
                  {"what", change.what},
                  {"engine", change.question.engine},
                  {"limits", limits_json(change.question.limits)},
                  {"weight_bytes", weight_bytes(model)},
                  {"quantization", nullptr},
                  {"gpus", change.question.gpus->words},
                  {"plan", plan_json(change.plan, change.question.gpus->cluster)},
                  {"command", nullptr}};
    const std::string quantization = describe_quantization(model);
    if (!quantization.empty()) entry["quantization"] = quantization;
    if (!change.command.empty()) entry["command"] = change.command;
    out.push_back(std::move(entry));
  }
  return out;
}

Json recommendation_json(const FitAnswer& answer) {
  const FitPlan* best = answer.best();
  if (best == nullptr) return nullptr;
  return {{"gpu", answer.question.gpus->cluster.gpu_types[index(best->gpu)].name},
          {"tp", best->plan.tp},
          {"pp", best->plan.pp},
          {"dp", best->plan.dp},
          {"ep", best->plan.ep},
          {"gpus", best->plan.gpus()},
          {"nodes", best->nodes},
          {"command", answer.command},
          {"preparation", answer.preparation},
          {"starts_with_large_overhead",
           answer.starts_with_more ? Json(*answer.starts_with_more) : Json(nullptr)}};
}

Json all_remarks(const FitAnswer& answer) {
  std::vector<Remark> all = answer.shapes.remarks;
  for (const FitPlan& plan : answer.plans) {
    for (const Remark& remark : plan.verdict.remarks) {
      const auto same = [&](const Remark& r) {
        return r.rule == remark.rule && r.sentence == remark.sentence;
      };
      if (std::none_of(all.begin(), all.end(), same)) all.push_back(remark);
    }
  }
  return remarks_json(all);
}

}  // namespace

std::string fit_json(const FitAnswer& answer) {
  const FitQuestion& question = answer.question;
  Json out = header(kFitSchema);
  out["engine"] = question.engine;
  out["model"] = model_json(*question.model);
  out["limits"] = limits_json(question.limits);
  out["tensor_parallel"] = shapes_json(answer.shapes);
  out["allowed_tp"] = allowed_sizes(question);
  out["remarks"] = all_remarks(answer);
  if (question.gpus == nullptr) return dump(out);
  out["cluster"] = gpus_json(*question.gpus);
  std::vector<std::string> assumptions = question.model->assumptions;
  const auto& of_gpus = question.gpus->cluster.assumptions;
  assumptions.insert(assumptions.end(), of_gpus.begin(), of_gpus.end());
  out["assumptions"] = assumptions;
  out["runtime_overhead"] = question.overheads.runtime;
  out["cost_source"] = answer.cost_model;
  out["recommendation"] = recommendation_json(answer);
  Json plans = Json::array();
  for (const FitPlan& plan : answer.plans) {
    plans.push_back(plan_json(plan, question.gpus->cluster));
  }
  out["plans"] = std::move(plans);
  out["policies"] = choices_json(answer);
  out["changes"] = changes_json(answer);
  return dump(out);
}

std::string pool_json(const PoolAnswer& answer) {
  const ClusterSpec& cluster = answer.question.gpus->cluster;
  Json out = header(kPoolSchema);
  out["engine"] = answer.question.engine;
  out["limits"] = limits_json(answer.question.limits);
  out["cluster"] = gpus_json(*answer.question.gpus);
  Json models = Json::array();
  for (const PoolEntry& entry : answer.entries) {
    Json changes = Json::array();
    for (const PoolChange& change : entry.changes) {
      changes.push_back({{"gpu", cluster.gpu_types[index(change.gpu)].name},
                         {"gpus_per_node", change.gpus_per_node},
                         {"nodes", change.nodes},
                         {"tp", change.plan.plan.tp},
                         {"pp", change.plan.plan.pp},
                         {"ep", change.plan.plan.ep}});
    }
    Json one = {{"model", entry.model->name},
                {"weight_bytes", weight_bytes(*entry.model)},
                {"holds", entry.plan.has_value()},
                {"plan", entry.plan ? plan_json(*entry.plan, cluster) : Json(nullptr)},
                {"held_by_others", entry.held_by_others},
                {"why_not", nullptr},
                {"changes", std::move(changes)}};
    if (!entry.plan) one["why_not"] = entry.why_not;
    models.push_back(std::move(one));
  }
  out["models"] = std::move(models);
  return dump(out);
}

}  // namespace headroom
