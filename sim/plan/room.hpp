#pragma once
// Where a plan has room: the shared search for devices that policies and the audit use.
//
// All three functions prefer what leaves the least stranded: the node with the fewest idle devices
// that is enough (best fit), for shared requests the device with the least free share; then the class
// whose lowest node id is lowest. Devices within a node: lowest indices (shared: tightest first).

#include <optional>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/engine/engine.hpp"
#include "sim/workload/shape_table.hpp"

namespace headroom {

/// The same devices on each of `nodes` nodes of one class; the simulation takes the lowest ids.
struct PlacementPart {
  ClassId node_class;
  std::vector<int> devices;  // ascending; empty for CPU-only tasks
  int nodes = 1;
  friend bool operator==(const PlacementPart&, const PlacementPart&) = default;
};

/// One part, on one node: `gpus` devices of `type` that can take the shape's holding.
[[nodiscard]] std::optional<PlacementPart> room_on_one_node(const Cluster& cluster,
                                                            const InternedShape& shape,
                                                            GpuTypeId type, int gpus);

/// `nodes` nodes with `gpus_per_node` such devices each.
[[nodiscard]] std::optional<std::vector<PlacementPart>> room_on_equal_nodes(
    const Cluster& cluster, const InternedShape& shape, GpuTypeId type, int gpus_per_node, int nodes);

/// plan.pp groups of plan.tp devices, each group inside one node, on as few nodes as can be (greedy:
/// the node with most groups first, the last one a best fit).
[[nodiscard]] std::optional<std::vector<PlacementPart>> room_for_groups(const Cluster& cluster,
                                                                        const InternedShape& shape,
                                                                        GpuTypeId type,
                                                                        ParallelPlan plan);

/// CPU-only tasks: a node with the CPU and RAM; nodes with fewest GPUs first, then lowest id.
[[nodiscard]] std::optional<PlacementPart> room_without_gpus(const Cluster& cluster,
                                                             const InternedShape& shape);

/// Devices of `type` in this class that can take the holding, in the order they are given out.
[[nodiscard]] std::vector<int> fitting_devices(const Cluster& cluster, const NodeClass& node_class,
                                               const GpuHolding& holding, GpuTypeId type);

}  // namespace headroom
