#include "policies/classical/typical_requests.hpp"

#include "sim/plan/holding.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace headroom {
namespace {

constexpr std::int64_t kTypicalPercent = 95;

std::optional<GpuNeed> task_need(const InternedShape& shape, GpuTypeId type) {
  if (!std::binary_search(shape.allowed.begin(), shape.allowed.end(), type)) return std::nullopt;
  const OpaqueTask& task = shape.shape.opaque();
  return GpuNeed{task.milli, {task.gpus}};
}

// The tensor parallel sizes of all plans for one node that the engine accepts without stages and
// replicas: whoever places by head-aware's sizes takes no stages and replicas there either, though
// of these sizes only the smallest that its estimate of the memory allows.
std::optional<GpuNeed> deployment_need(const ClusterSpec& cluster,
                                       const std::vector<RankedPlan>& plans,
                                       const InternedShape& shape, GpuTypeId type) {
  std::set<int> sizes;
  for (const RankedPlan& plan : plans) {
    const bool alone = plan.plan.gpus() == plan.plan.tp;
    if (plan.gpu == type && plan.one_node && alone) sizes.insert(plan.plan.tp);
  }
  if (sizes.empty()) return std::nullopt;
  const Bytes memory = cluster.gpu_types[index(type)].memory;
  return GpuNeed{gpu_holding(shape.shape, memory).milli, {sizes.begin(), sizes.end()}};
}

}  // namespace

TypicalRequests::TypicalRequests(std::vector<TypicalRequest> told) : typical_(std::move(told)) {}

TypicalRequests::TypicalRequests(const PlacerContext& context,
                                 const std::vector<ExpectedShape>& expected)
    : cluster_(&context.cluster) {
  if (expected.empty()) {
    plans_ = &context.plans;
  } else {
    take_expected(context, expected);
  }
}

// Shapes with ids of their own, apart from those of the run.
void TypicalRequests::take_expected(const PlacerContext& context,
                                    const std::vector<ExpectedShape>& expected) {
  PlanSpace plans(context.cluster, context.plans.engine(), context.plans.cost(),
                  context.plans.limits());
  ShapeTable shapes(context.cluster);
  std::int64_t total = 0;
  for (const ExpectedShape& entry : expected) total += entry.weight;
  for (const ExpectedShape& entry : expected) {
    typical_.push_back(typical_of(context.cluster, plans, shapes.intern(entry.shape)));
    typical_.back().share = static_cast<double>(entry.weight) / static_cast<double>(total);
  }
}

TypicalRequest TypicalRequests::typical_of(const ClusterSpec& cluster, PlanSpace& plans,
                                           const InternedShape& shape) {
  const bool llm = shape.shape.kind() == RequestKind::llm;
  TypicalRequest out;
  out.cpu_milli = shape.shape.cpu_milli;
  out.gpus = llm || shape.shape.opaque().gpus > 0;
  for (std::size_t i = 0; i < cluster.gpu_types.size(); ++i) {
    const auto type = static_cast<GpuTypeId>(i);
    out.by_type.push_back(llm ? deployment_need(cluster, plans.plans(shape), shape, type)
                              : task_need(shape, type));
  }
  return out;
}

void TypicalRequests::arrived(const InternedShape& shape) {
  if (plans_ == nullptr) return;
  Count& count = counts_[shape.id];
  count.shape = &shape;
  ++count.arrivals;
  ++arrivals_;
  if (arrivals_ * 10 >= taken_at_ * 11) take_arrivals();
}

void TypicalRequests::take_arrivals() {
  taken_at_ = arrivals_;
  ++version_;
  std::vector<Count> counts;
  for (const auto& [id, count] : counts_) counts.push_back(count);
  std::sort(counts.begin(), counts.end(), [](const Count& a, const Count& b) {
    if (a.arrivals != b.arrivals) return a.arrivals > b.arrivals;
    return a.shape->id < b.shape->id;  // the one that came first
  });
  std::int64_t taken = 0;
  std::size_t many = 0;
  while (taken * 100 < arrivals_ * kTypicalPercent) taken += counts[many++].arrivals;
  typical_.clear();
  for (const Count& count : std::span(counts).first(many)) {
    typical_.push_back(typical_of(*cluster_, *plans_, *count.shape));
    typical_.back().share = static_cast<double>(count.arrivals) / static_cast<double>(taken);
  }
}

}  // namespace headroom
