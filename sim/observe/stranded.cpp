#include "sim/observe/stranded.hpp"

#include "sim/plan/holding.hpp"

#include <algorithm>
#include <limits>

namespace headroom {
namespace {

int count_if_idle(const NodeClass& node_class) {
  const auto& gpus = node_class.state.gpus;
  return static_cast<int>(
      std::count_if(gpus.begin(), gpus.end(), [](const GpuState& gpu) { return gpu.open(); }));
}

}  // namespace

void StrandedGpus::add(const InternedShape& shape, PlanSpace& plans) {
  if (!seen_.insert(shape.gpu_shape).second) return;
  const auto& types = plans.cluster().gpu_types;
  std::vector<int> fewest(types.size(), std::numeric_limits<int>::max());
  for (const RankedPlan& plan : plans.plans(shape)) {
    if (!plan.one_node) continue;
    fewest[index(plan.gpu)] = std::min(fewest[index(plan.gpu)], plan.plan.gpus());
  }
  for (std::size_t type = 0; type < types.size(); ++type) {
    if (fewest[type] == std::numeric_limits<int>::max()) continue;
    add_need(
        {static_cast<GpuTypeId>(type), gpu_holding(shape.shape, types[type].memory), fewest[type]});
  }
}

// One that asks for no less than another adds nothing: where it has room, the other has.
void StrandedGpus::add_need(const Need& need) {
  const bool known = std::any_of(needs_.begin(), needs_.end(), [&](const Need& other) {
    return other.gpu == need.gpu && other.gpus <= need.gpus &&
           other.holding.milli <= need.holding.milli && other.holding.bytes <= need.holding.bytes;
  });
  if (!known) needs_.push_back(need);
}

std::int64_t StrandedGpus::count(const Cluster& cluster) {
  if (needs_.empty() && seen_.empty()) return 0;
  if (cluster.version() == version_ && needs_.size() == needs_counted_) return count_;
  version_ = cluster.version();
  needs_counted_ = needs_.size();
  count_ = 0;
  for (const std::uint32_t slot : cluster.live_classes()) {
    const NodeClass& node_class = cluster.class_at(slot);
    if (known_.size() <= slot) known_.resize(slot + 1);
    Known& known = known_[slot];
    if (known.generation != node_class.id.generation + 1) {
      known = {node_class.id.generation + 1, false, 0, count_if_idle(node_class)};
    }
    if (known.idle == 0 || usable(cluster, node_class, known)) continue;
    count_ += static_cast<std::int64_t>(node_class.nodes.size()) * known.idle;
  }
  return count_;
}

bool StrandedGpus::usable(const Cluster& cluster, const NodeClass& node_class, Known& known) {
  for (; !known.usable && known.asked < needs_.size(); ++known.asked) {
    const Need& need = needs_[known.asked];
    const auto fitting = fitting_devices(cluster, node_class, need.holding, need.gpu);
    known.usable = fitting.size() >= static_cast<std::size_t>(need.gpus);
  }
  return known.usable;
}

}  // namespace headroom
