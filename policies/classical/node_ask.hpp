#pragma once
// One node for all of a request: what is asked, and which classes of nodes have room for it.

#include "sim/cluster/cluster.hpp"
#include "sim/plan/shape_table.hpp"
#include "sim/policy/placer.hpp"

#include <vector>

namespace headroom {

/// So much on one node. Asks of the same shape, type and number are the same.
struct NodeAsk {
  ShapeId shape{};
  GpuTypeId type{};  // of no meaning without GPUs
  int gpus = 0;
  GpuHolding per_gpu{0, 0};
  std::int64_t cpu_milli = 0;
  Bytes ram = 0;

  /// Of all its GPUs.
  [[nodiscard]] std::int64_t gpu_milli() const { return std::int64_t{gpus} * per_gpu.milli; }
};

/// `gpus` GPUs of a type for a request of this shape, with all of its CPU and RAM.
[[nodiscard]] NodeAsk node_ask(const ClusterSpec& spec, const InternedShape& shape, GpuTypeId type,
                               int gpus);

/// Whether the nodes of a class have room for it. Does not look at whether they are in service.
[[nodiscard]] bool has_room(const Cluster& cluster, const NodeClass& node_class,
                            const NodeAsk& ask);

/// The devices with the least left that is enough, of equals those of lowest index; ascending.
/// Precondition: there is room.
[[nodiscard]] std::vector<int> tightest_devices(const Cluster& cluster, const NodeClass& node_class,
                                                const NodeAsk& ask);

/// Calls `visit` with classes of nodes in service, of which those with room are; some more than
/// once. With `freed`, only with those of these nodes.
template <class Visit>
void for_each_candidate(const Cluster& cluster, const NodeAsk& ask, const RoomSearch::Freed& freed,
                        Visit visit) {
  if (freed) {
    for (const NodeId node : *freed) {
      const NodeClass& node_class = cluster.class_of(node);
      if (node_class.state.in_service) visit(node_class);
    }
    return;
  }
  if (ask.gpus == 0) {
    for (const std::uint32_t slot : cluster.live_classes()) visit(cluster.class_at(slot));
    return;
  }
  const bool whole = ask.per_gpu.milli == kWholeGpu;
  const auto& buckets = whole ? cluster.by_idle(ask.type) : cluster.by_milli(ask.type);
  const int least = whole ? ask.gpus : ask.per_gpu.milli;
  for (auto bucket = buckets.lower_bound(least); bucket != buckets.end(); ++bucket) {
    for (const std::uint32_t slot : bucket->second) visit(cluster.class_at(slot));
  }
}

}  // namespace headroom
