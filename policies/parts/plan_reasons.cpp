#include "policies/parts/plan_reasons.hpp"

#include "sim/core/int128.hpp"
#include "sim/plan/holding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

namespace headroom {

Bytes FreeBytes::wanted(GpuTypeId type) const {
  return gpu_holding(shape_.shape, cluster_.spec().gpu_types[index(type)].memory).bytes;
}

// Of a device that is shared no more counts than the share of it that is free, and nothing for a
// request of whole ones.
std::vector<Bytes> FreeBytes::of_class(const NodeClass& node_class, GpuTypeId type) const {
  const auto& types = cluster_.shape(node_class).gpus;
  const Bytes total = cluster_.spec().gpu_types[index(type)].memory;
  const bool whole = gpu_holding(shape_.shape, total).milli == kWholeGpu;
  std::vector<Bytes> out;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i] != type) continue;
    const GpuState& gpu = node_class.state.gpus[i];
    const int milli = whole && !gpu.idle() ? 0 : gpu.milli_free;
    out.push_back(std::min(gpu.bytes_free, mul_div_floor(total, milli, kWholeGpu)));
  }
  std::sort(out.begin(), out.end(), std::greater<>());
  return out;
}

const std::vector<FreeBytes::Nodes>& FreeBytes::of(GpuTypeId type) {
  auto& known = by_type_[index(type)];
  if (known) return *known;
  known.emplace();
  for (const std::uint32_t slot : cluster_.live_classes()) {
    const NodeClass& node_class = cluster_.class_at(slot);
    known->push_back({of_class(node_class, type), std::ssize(node_class.nodes)});
  }
  return *known;
}

Bytes FreeBytes::nearest(const RankedPlan& plan) {
  const auto tp = static_cast<std::size_t>(plan.plan.tp);
  const auto gpus = static_cast<std::size_t>(plan.plan.gpus());
  Bytes on_one_node = 0;
  std::map<Bytes, std::int64_t, std::greater<>> groups;  // how many have so much
  for (const Nodes& nodes : of(plan.gpu)) {
    if (nodes.free.size() >= gpus) on_one_node = std::max(on_one_node, nodes.free[gpus - 1]);
    for (std::size_t last = tp; last <= nodes.free.size(); last += tp) {
      groups[nodes.free[last - 1]] += nodes.count;
    }
  }
  if (plan.one_node) return on_one_node;
  std::int64_t missing = plan.plan.groups();
  for (const auto& [bytes, count] : groups) {
    missing -= count;
    if (missing <= 0) return bytes;
  }
  return 0;
}

const std::vector<PassedOver>& PlanReasons::refused(const InternedShape& shape) {
  const auto found = refused_.find(shape.gpu_shape);
  if (found != refused_.end()) return found->second;
  std::vector<PassedOver> out;
  for (const GpuTypeId type : shape.allowed) add_refused(shape, type, out);
  return refused_.emplace(shape.gpu_shape, std::move(out)).first->second;
}

void PlanReasons::add_refused(const InternedShape& shape, GpuTypeId type,
                              std::vector<PassedOver>& out) const {
  const LlmDeployment& llm = shape.shape.llm();
  const GpuType& gpu = context_.cluster.gpu_types[index(type)];
  const int largest = context_.cluster.largest_node(type);
  for (int tp = 1; tp <= largest; ++tp) {
    if (!llm.allows_tp(tp)) continue;
    for (int pp = 1; tp * pp <= largest && pp <= context_.plans.limits().max_pp; ++pp) {
      const auto verdict = context_.plans.engine().check(*llm.model, {tp, pp}, gpu, llm.limits);
      if (verdict.accepted) continue;
      const Refusal& refusal = verdict.refusal;
      const std::string why = refusal.rule + ": " + refusal.sentence;
      if (refusal.of_gpu) {
        out.push_back({"any plan on " + gpu.name, why, refusal.rule});
        return;
      }
      out.push_back({fmt::format("{} on one node of {}", plan_text({tp, pp}), gpu.name), why,
                     refusal.rule, short_per_gpu(verdict)});
      // More stages do not help a size that does not divide.
      if (refusal.phase != Refusal::Phase::memory) break;
    }
  }
}

PassedOver PlanReasons::no_room(FreeBytes& free, const RankedPlan& plan) const {
  const Bytes lacks = free.wanted(plan.gpu) - free.nearest(plan);
  if (lacks <= 0) {
    return {describe(plan), "no room now: GPUs are free, but not with the CPU, RAM or links",
            "no_room"};
  }
  return {describe(plan), fmt::format("no room now: {} short on each GPU", bytes_text(lacks)),
          "no_room", lacks};
}

PassedOver PlanReasons::worse(const RankedPlan& plan, const RankedPlan& chosen) const {
  constexpr std::int64_t kMillion = 1'000'000;
  const std::int64_t less = std::max<std::int64_t>(0, chosen.worth - plan.worth);
  const std::int64_t ppm = mul_div_floor(less, kMillion, std::max<std::int64_t>(1, chosen.worth));
  std::string why = "worth no more";
  if (ppm > 0) why = "worth under 0.1 % less";
  if (ppm >= 1000) why = fmt::format("worth {:.1f} % less", static_cast<double>(ppm) / 1e4);
  return {describe(plan), std::move(why), "worse", 0, ppm};
}

std::string PlanReasons::describe(const RankedPlan& plan) const {
  std::string text = fmt::format("{} on {} of {}", plan_text(plan.plan),
                                 plan.one_node ? "one node" : "several nodes",
                                 context_.cluster.gpu_types[index(plan.gpu)].name);
  if (plan.over.least > 0) {
    text += fmt::format(" over {:.4g} GB/s", static_cast<double>(plan.over.least) / 1e9);
  }
  return text;
}

}  // namespace headroom
