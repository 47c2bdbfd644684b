#pragma once
// Stranded GPUs: idle ones that no model of the workload can use where they are.

#include "sim/cluster/cluster.hpp"
#include "sim/plan/plan_space.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

namespace headroom {

/// Counts them class by class. The models are those of the deployments seen so far; a deployment
/// can use a node when a valid plan of it on one node has room there, its CPU and RAM aside.
/// What was found for a class is kept as long as the class: the cost follows what changes.
class StrandedGpus {
 public:
  /// A deployment arrived. Precondition: of kind llm.
  void add(const InternedShape& shape, PlanSpace& plans);

  /// Idle GPUs in service on nodes that none of the deployments seen so far can use; 0 before the
  /// first. Not the GPUs that are in use or full of others' memory, nor those of nodes out of
  /// service.
  [[nodiscard]] std::int64_t count(const Cluster& cluster);

 private:
  // Some deployment runs on this many GPUs of a type on one node, taking so much of each.
  struct Need {
    GpuTypeId gpu{};
    GpuHolding holding;
    int gpus = 0;
  };
  // What is known of the class that has a slot now.
  struct Known {
    std::uint32_t generation = 0;
    bool usable = false;
    std::size_t asked = 0;  // of needs_
    int idle = 0;
  };

  void add_need(const Need& need);
  [[nodiscard]] bool usable(const Cluster& cluster, const NodeClass& node_class, Known& known);

  std::vector<Need> needs_;
  std::unordered_set<ShapeId> seen_;  // gpu_shape
  std::vector<Known> known_;          // by slot; generation 0 = nothing known
  std::uint64_t version_ = 0;         // of the cluster at the last count
  std::size_t needs_counted_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace headroom
