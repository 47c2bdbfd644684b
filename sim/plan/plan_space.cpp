#include "sim/plan/plan_space.hpp"

#include <algorithm>
#include <tuple>

namespace headroom {

bool may_balance(const EngineRules& engine, ParallelPlan plan, const EngineVerdict& verdict) {
  if (verdict.accepted || plan.pp == 1 || !engine.balances_stages()) return false;
  if (verdict.refusal.phase != Refusal::Phase::memory) return false;
  double left = 0.0;  // a sequence of any length may be asked for
  for (const StageMemory& stage : verdict.stages) {
    left += static_cast<double>(stage.kv_available) - static_cast<double>(stage.kv_per_sequence);
  }
  return left >= 0.0;
}

ServingLimits limits_at_load(const EngineRules& engine, const Model& model, ParallelPlan plan,
                             const GpuType& gpu, ServingLimits limits) {
  ServingLimits load = limits;
  load.context = std::min(load.context, kLoadInputTokens + kLoadOutputTokens);
  // Of one replica of the attention; each has a cache of its own. Without a limit it is the largest
  // number there is.
  const std::int64_t held = engine.check(model, plan, gpu, load).full_sequences;
  const std::int64_t asked = (limits.sequences + plan.dp - 1) / plan.dp;
  if (held < asked) limits.sequences = std::max<std::int64_t>(1, held * plan.dp);
  return limits;
}

ServingLimits Layout::limits(const LlmDeployment& llm) const {
  ServingLimits limits = llm.limits;
  if (utilisation_ppm) {
    limits.utilisation_ppm = *utilisation_ppm;
    limits.utilisation_asked = true;
  }
  return limits;
}

PlanSpace::PlanSpace(const ClusterSpec& cluster, const EngineRules& engine, const CostModel& cost,
                     PlanLimits limits)
    : cluster_(cluster),
      engine_(engine),
      cost_(cost),
      limits_(limits),
      empty_(cluster),
      links_(empty_) {}

const std::vector<RankedPlan>& PlanSpace::plans(const InternedShape& shape) {
  const auto found = plans_.find(shape.gpu_shape);
  if (found != plans_.end()) return found->second;
  return plans_.emplace(shape.gpu_shape, rank(shape)).first->second;
}

std::vector<RankedPlan> PlanSpace::rank(const InternedShape& shape) const {
  std::vector<RankedPlan> plans;
  for (const GpuTypeId type : shape.allowed) rank_type(shape, type, plans);
  std::sort(plans.begin(), plans.end(), [](const RankedPlan& a, const RankedPlan& b) {
    const auto key = [](const RankedPlan& p) {
      return std::tuple(-p.worth, !p.one_node, p.plan.gpus(), p.plan.pp, p.plan.dp, p.gpu,
                        -p.over.links.tensor.rate, p.plan.ep, p.plan.balanced);
    };
    return key(a) < key(b);
  });
  return plans;
}

void PlanSpace::rank_type(const InternedShape& shape, GpuTypeId type,
                          std::vector<RankedPlan>& out) const {
  const LlmDeployment& llm = shape.shape.llm();
  const GpuType& gpu = cluster_.gpu_types[index(type)];
  const auto there = std::min<std::int64_t>(limits_.max_gpus, cluster_.gpu_count(type));
  const PlanSizes sizes{cluster_.largest_node(type), limits_.max_pp, limits_.max_dp,
                        static_cast<int>(there)};
  for (ParallelPlan plan : engine_.accepted_plans(*llm.model, sizes, llm.limits)) {
    if (!llm.allows_tp(plan.tp)) continue;
    EngineVerdict verdict = engine_.check(*llm.model, plan, gpu, llm.limits);
    if (may_balance(engine_, plan, verdict)) {
      plan.balanced = true;
      verdict = engine_.check(*llm.model, plan, gpu, llm.limits);
    }
    if (verdict.accepted) add_plan(llm, type, plan, out);
  }
}

void PlanSpace::add_plan(const LlmDeployment& llm, GpuTypeId type, ParallelPlan plan,
                         std::vector<RankedPlan>& out) const {
  const GpuType& gpu = cluster_.gpu_types[index(type)];
  const ServingLimits limits = limits_at_load(engine_, *llm.model, plan, gpu, llm.limits);
  const std::int64_t longest = longest_stage(llm, type, plan);
  for (const bool one_node : {true, false}) {
    if (one_node && plan.gpus() > cluster_.largest_node(type)) continue;
    if (!one_node && plan.groups() == 1) continue;
    for (const LinkChoice& over : links_.choices(type, {plan.tp, plan.groups()}, one_node)) {
      const CostQuery query{*llm.model, limits, gpu, plan, over.links, longest};
      const PlanValue value = cost_.value(query);
      out.push_back({type, plan, one_node, over, value.worth, value.per_gpu});
    }
  }
}

std::int64_t PlanSpace::longest_stage(const LlmDeployment& llm, GpuTypeId type,
                                      ParallelPlan plan) const {
  if (!plan.balanced) return 0;
  const GpuType& gpu = cluster_.gpu_types[index(type)];
  std::int64_t longest = 0;
  for (const StageMemory& stage : engine_.check(*llm.model, plan, gpu, llm.limits).stages) {
    longest = std::max(longest, stage.layers);
  }
  return longest;
}

std::optional<Layout> PlanSpace::find_room(RoomSearch& search, const RankedPlan& plan) {
  if (search.hopeless(plan.gpu)) return std::nullopt;
  if (plan.one_node) {
    auto part = search.on_one_node(plan.gpu, plan.groups(), {plan.over.least});
    if (!part) return std::nullopt;
    return Layout{plan.gpu, plan.plan, {std::move(*part)}};
  }
  auto parts = search.for_groups(plan.gpu, plan.groups(), LinkNeed{plan.over.least});
  if (!parts) return std::nullopt;
  return Layout{plan.gpu, plan.plan, std::move(*parts), 0, true};
}

std::optional<Layout> PlanSpace::find_any_room(const Cluster& cluster, const InternedShape& shape,
                                               RoomSearch::Freed freed) {
  RoomSearch search(cluster, shape, freed);
  if (shape.shape.kind() == RequestKind::llm) {
    if (search.hopeless(shape.allowed)) return std::nullopt;
    for (int degradation = 0; degradation <= std::ssize(shape.degraded); ++degradation) {
      for (const RankedPlan& plan : plans(shape.served(degradation))) {
        auto layout = find_room(search, plan);
        if (!layout) continue;
        layout->degradation = degradation;
        return layout;
      }
    }
    return std::nullopt;
  }
  const OpaqueTask& task = shape.shape.opaque();
  if (task.gpus == 0) return find_opaque_room(cluster, search, task, GpuTypeId{});
  for (const GpuTypeId type : shape.allowed) {
    if (auto layout = find_opaque_room(cluster, search, task, type)) return layout;
  }
  return std::nullopt;
}

std::int64_t PlanSpace::best_per_gpu(const InternedShape& shape, GpuTypeId type) {
  const auto key = std::pair(shape.id, type);
  if (const auto known = best_per_gpu_.find(key); known != best_per_gpu_.end()) {
    return known->second;
  }
  std::int64_t best = 0;
  RoomSearch search(empty_, shape);
  for (const RankedPlan& plan : plans(shape)) {
    if (plan.gpu != type || plan.per_gpu <= best) continue;
    if (find_room(search, plan)) best = plan.per_gpu;
  }
  return best_per_gpu_.emplace(key, best).first->second;
}

std::int64_t PlanSpace::fewest_gpus(const InternedShape& shape) {
  if (shape.shape.kind() == RequestKind::opaque) {
    const OpaqueTask& task = shape.shape.opaque();
    return task.milli < kWholeGpu ? 0 : task.gpus;
  }
  if (shape.shape.llm().shared) return 0;
  std::int64_t fewest = 0;
  for (int degradation = 0; degradation <= std::ssize(shape.degraded); ++degradation) {
    for (const RankedPlan& plan : plans(shape.served(degradation))) {
      const std::int64_t gpus = plan.plan.gpus();
      if (fewest == 0 || gpus < fewest) fewest = gpus;
    }
  }
  return fewest;
}

std::int64_t PlanSpace::per_gpu(const InternedShape& shape, const Layout& layout,
                                const GroupLinks& links) {
  const ParallelPlan plan = layout.plan;
  const std::int64_t share =
      layout.utilisation_ppm.value_or(shape.shape.llm().limits.utilisation_ppm);
  const auto key = std::tuple(shape.gpu_shape, layout.gpu, plan, links, share);
  if (const auto known = per_gpu_.find(key); known != per_gpu_.end()) return known->second;
  LlmDeployment llm = shape.shape.llm();
  llm.limits = layout.limits(llm);
  const GpuType& gpu = cluster_.gpu_types[index(layout.gpu)];
  const ServingLimits limits = limits_at_load(engine_, *llm.model, plan, gpu, llm.limits);
  const std::int64_t out =
      cost_.per_gpu({*llm.model, limits, gpu, plan, links, longest_stage(llm, layout.gpu, plan)});
  return per_gpu_.emplace(key, out).first->second;
}

std::optional<Layout> find_opaque_room(const Cluster& cluster, RoomSearch& search,
                                       const OpaqueTask& task, GpuTypeId type) {
  std::optional<PlacementPart> part;
  if (task.gpus == 0) {
    part = search.without_gpus();
  } else if (task.gpus <= cluster.spec().largest_node(type)) {
    part = search.on_one_node(type, task.gpus);
  } else {
    auto parts = search.for_groups(type, {1, task.gpus});
    if (!parts) return std::nullopt;
    return Layout{type, {}, std::move(*parts)};
  }
  if (!part) return std::nullopt;
  return Layout{type, {}, {std::move(*part)}};
}

}  // namespace headroom
