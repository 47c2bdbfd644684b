#include "policies/parts/claim_search.hpp"

#include "sim/plan/holding.hpp"
#include "sim/plan/room.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace headroom {
Bytes weight_claim(const Model& model) { return weight_bytes(model) * 6 / 5 + 2 * kGiB; }

std::optional<std::string> shape_refusal(const EngineRules& engine, const LlmDeployment& llm,
                                         ParallelPlan plan) {
  const EngineVerdict verdict = engine.check_shape(*llm.model, plan, llm.limits);
  if (verdict.accepted) return std::nullopt;
  return verdict.refusal.rule + ": " + verdict.refusal.sentence;
}

ClaimSearch::ClaimSearch(const PlacerContext& context, SizeFilter filter)
    : context_(context), filter_(std::move(filter)) {}

bool ClaimSearch::usable(const InternedShape& shape, GpuTypeId type, ParallelPlan plan,
                         Candidates& out) const {
  const LlmDeployment& llm = shape.shape.llm();
  if (!llm.allows_tp(plan.tp)) return false;
  if (auto reason = filter_(llm, plan)) {
    out.filtered.push_back({describe({type, plan, plan.pp == 1}), std::move(*reason)});
    return false;
  }
  return true;
}

void ClaimSearch::add_one_node(const InternedShape& shape, GpuTypeId type, int needed,
                               Candidates& out) const {
  const int largest = context_.cluster.largest_node(type);
  for (int gpus = needed; gpus <= largest; ++gpus) {
    if (!usable(shape, type, {gpus, 1}, out)) continue;
    out.in_order.push_back({type, {gpus, 1}, true});
    return;
  }
}

void ClaimSearch::add_several_nodes(const InternedShape& shape, GpuTypeId type, int needed,
                                    Candidates& out) const {
  // No policy may go where the audit does not look.
  const PlanLimits& limits = context_.plans.limits();
  for (int per_node = context_.cluster.largest_node(type); per_node >= 1; --per_node) {
    const int nodes = (needed + per_node - 1) / per_node;
    const ParallelPlan plan{per_node, nodes};
    if (nodes < 2 || nodes > limits.max_pp || plan.gpus() > limits.max_gpus) continue;
    if (nodes > context_.cluster.nodes_with(type, per_node)) continue;
    if (usable(shape, type, plan, out)) out.in_order.push_back({type, plan, false});
  }
}

const ClaimSearch::Candidates& ClaimSearch::candidates(const InternedShape& shape) {
  const auto found = candidates_.find(shape.gpu_shape);
  if (found != candidates_.end()) return found->second;

  Candidates out;
  const Bytes claim = weight_claim(*shape.shape.llm().model);
  for (const GpuTypeId type : shape.allowed) {
    const Bytes memory = context_.cluster.gpu_types[index(type)].memory;
    const Bytes per_gpu = gpu_holding(shape.shape, memory).bytes;
    const Bytes needed = (claim + per_gpu - 1) / per_gpu;
    const std::int64_t there = context_.cluster.gpu_count(type);
    if (needed > there) out.too_few.push_back(too_few(type, claim, needed, there));
    if (needed > context_.plans.limits().max_gpus) {
      out.beyond_limits = true;
      continue;
    }
    add_one_node(shape, type, static_cast<int>(needed), out);
    add_several_nodes(shape, type, static_cast<int>(needed), out);
  }
  std::sort(out.in_order.begin(), out.in_order.end(), [&](const Candidate& a, const Candidate& b) {
    const auto key = [&](const Candidate& c) {
      return std::tuple(c.plan.pp, c.plan.gpus(), context_.cluster.gpu_types[index(c.gpu)].memory,
                        c.gpu);
    };
    return key(a) < key(b);
  });
  return candidates_.emplace(shape.gpu_shape, std::move(out)).first->second;
}

PassedOver ClaimSearch::too_few(GpuTypeId type, Bytes claim, std::int64_t needed,
                                std::int64_t there) const {
  const std::string& name = context_.cluster.gpu_types[index(type)].name;
  return {fmt::format("{} x {}", there, name),
          fmt::format("claim: 1.2 x the weights and 2 GiB are {}, which takes {} x {}",
                      bytes_text(claim), needed, name)};
}

std::string ClaimSearch::describe(const Candidate& candidate) const {
  const auto& name = context_.cluster.gpu_types[index(candidate.gpu)].name;
  if (candidate.one_node) return fmt::format("TP {} on one node of {}", candidate.plan.tp, name);
  return fmt::format("TP {} x PP {} on {} nodes of {}", candidate.plan.tp, candidate.plan.pp,
                     candidate.plan.pp, name);
}

Decision ClaimSearch::place(const PlacementRequest& request, const Cluster& cluster,
                            std::vector<PassedOver>* log) {
  const Candidates& all = candidates(request.shape);
  if (log != nullptr) *log = all.filtered;
  if (all.in_order.empty()) {
    if (log != nullptr) log->insert(log->end(), all.too_few.begin(), all.too_few.end());
    if (!all.filtered.empty()) return Never{"no_accepted_size"};
    return Never{all.beyond_limits ? "beyond_plan_limits" : "cluster_too_small"};
  }
  RoomSearch search(cluster, request.shape, request.freed);
  const auto same = [](const Candidate& a, const Candidate& b) {
    return a.one_node == b.one_node && a.plan == b.plan;
  };
  for (auto first = all.in_order.begin(); first != all.in_order.end();) {
    const auto last = std::find_if(first, all.in_order.end(),
                                   [&](const Candidate& c) { return !same(c, *first); });
    const auto layout = room_for(request, cluster, search, {first, last});
    for (; first != last && !(layout && (choose_ || first->gpu == layout->gpu)); ++first) {
      if (log != nullptr) log->push_back({describe(*first), "no room now"});
    }
    if (layout) return Place{*layout, "fewest GPUs whose memory holds 1.2 x weights + 2 GiB"};
  }
  return NotNow{"no_room"};
}

// Room for the same sizes on one of several types.
std::optional<Layout> ClaimSearch::room_for(const PlacementRequest& request, const Cluster& cluster,
                                            RoomSearch& search,
                                            std::span<const Candidate> same) const {
  if (choose_ && same.front().one_node) return chosen_room(request, cluster, same);
  for (const Candidate& candidate : same) {
    Layout layout{candidate.gpu, candidate.plan, {}};
    if (candidate.one_node) {
      auto part = search.on_one_node(candidate.gpu, candidate.plan.tp);
      if (part) layout.parts.push_back(std::move(*part));
    } else {
      auto parts = search.on_equal_nodes(candidate.gpu, candidate.plan.tp, candidate.plan.pp);
      if (parts) layout.parts = std::move(*parts);
    }
    if (!layout.parts.empty()) return layout;
  }
  return std::nullopt;
}

std::optional<Layout> ClaimSearch::chosen_room(const PlacementRequest& request,
                                               const Cluster& cluster,
                                               std::span<const Candidate> same) const {
  std::vector<GpuTypeId> types;
  for (const Candidate& candidate : same) types.push_back(candidate.gpu);
  auto chosen = choose_(request, cluster, types, same.front().plan.tp);
  if (!chosen) return std::nullopt;
  return Layout{chosen->type, same.front().plan, {std::move(chosen->part)}, 0, chosen->together};
}

}  // namespace headroom
