#pragma once
// Where a plan has room: the shared search for devices that policies and the audit use.
//
// Every search prefers what leaves the least stranded: the node with the fewest idle devices
// that is enough (best fit), for shared requests the device with the least free share; then the
// class whose lowest node id is lowest. Devices within a node: lowest indices (shared: tightest
// first); a search by links takes the groups with the best links instead, where they are not all
// alike.

#include "sim/cluster/cluster.hpp"
#include "sim/engine/engine.hpp"
#include "sim/plan/shape_table.hpp"

#include <optional>
#include <span>
#include <vector>

namespace headroom {

/// The same devices on each of `nodes` nodes of one class; which of them: Layout::together.
struct PlacementPart {
  ClassId node_class;
  std::vector<int> devices;  // ascending; empty for CPU-only tasks
  int nodes = 1;
  /// Bytes that the policy's own books charge each of these devices, which may then be shared,
  /// instead of what the request asks for (gpu_holding). Deployments only.
  std::optional<Bytes> charge = std::nullopt;
  /// This one of the class, whatever its id: only where the part is all of the placement.
  std::optional<NodeId> node = std::nullopt;
  friend bool operator==(const PlacementPart&, const PlacementPart&) = default;
};

/// What a search by links asks of each tensor parallel group.
struct LinkNeed {
  std::int64_t least = 0;  // bytes/s of its worst link; 0: any, the best there is
};

/// Looks for room for one shape on a cluster as it is now. It scans a GPU type once, when a first
/// direct look fails, and then answers most further questions about it without looking again: make
/// one per decision. Must not outlive a change of the cluster.
class RoomSearch {
 public:
  /// Nodes freed since the same questions were asked for an equal shape and all failed; nullopt =
  /// look everywhere. With it a search costs by those nodes, and finds the same.
  using Freed = std::optional<std::span<const NodeId>>;

  RoomSearch(const Cluster& cluster, const InternedShape& shape, Freed freed = std::nullopt);

  /// One part, on one node: `gpus` devices of `type` that can take the shape's holding.
  [[nodiscard]] std::optional<PlacementPart> on_one_node(GpuTypeId type, int gpus);

  /// As above by links: plan.pp groups of plan.tp devices, none with a worse link than needed.
  [[nodiscard]] std::optional<PlacementPart> on_one_node(GpuTypeId type, ParallelPlan plan,
                                                         LinkNeed need);

  /// As above, on a node with exactly so many idle devices of the type.
  [[nodiscard]] std::optional<PlacementPart> on_one_node(GpuTypeId type, ParallelPlan plan,
                                                         LinkNeed need, int idle);

  /// `nodes` nodes with `gpus_per_node` such devices each.
  [[nodiscard]] std::optional<std::vector<PlacementPart>> on_equal_nodes(GpuTypeId type,
                                                                         int gpus_per_node,
                                                                         int nodes);

  /// plan.pp groups of plan.tp devices, each group inside one node, on as few nodes as can be
  /// (greedy: the node with most groups first, the last one a best fit). With a need: by links.
  [[nodiscard]] std::optional<std::vector<PlacementPart>> for_groups(
      GpuTypeId type, ParallelPlan plan, std::optional<LinkNeed> need = std::nullopt);

  /// CPU-only tasks: a node with the CPU and RAM; nodes with fewest GPUs first, then lowest id.
  [[nodiscard]] std::optional<PlacementPart> without_gpus() const;

  /// Whether no device of any of these types could help now: a quick no before plans are gone
  /// through.
  [[nodiscard]] bool hopeless(std::span<const GpuTypeId> types);
  [[nodiscard]] bool hopeless(GpuTypeId type) { return freed_ && offered(type).freed.empty(); }

 private:
  // What a type can offer at most, CPU and RAM aside: bounds that rule plans out at once.
  struct Offered {
    GpuHolding holding;
    std::vector<const NodeClass*> freed;  // of freed nodes, those with a fitting device
    bool scanned = false;
    int on_one_node = 0;               // most fitting devices of one node
    std::vector<std::int64_t> groups;  // by size: groups of so many devices over all nodes
  };

  // A question: how many devices of a type, in which groups, over which links.
  struct Wanted {
    GpuTypeId type{};
    ParallelPlan plan;
    std::optional<LinkNeed> need = std::nullopt;  // nullopt: whatever the links

    [[nodiscard]] int groups() const { return plan.groups(); }
  };

  Offered& offered(GpuTypeId type);
  void scan(GpuTypeId type, Offered& out) const;
  template <class Visit>
  void for_each_bucket(const GpuHolding& holding, GpuTypeId type, int gpus, Visit visit) const;
  template <class Visit>
  void for_each_class(const GpuHolding& holding, GpuTypeId type, int gpus, Visit visit) const;
  [[nodiscard]] bool may_hold(GpuTypeId type, ParallelPlan plan);
  [[nodiscard]] bool freed_node_helps(const Offered& offer, GpuTypeId type,
                                      ParallelPlan plan) const;
  [[nodiscard]] std::optional<PlacementPart> one_node(const Wanted& wanted);
  [[nodiscard]] const NodeClass* tightest_class(const GpuHolding& holding,
                                                const Wanted& wanted) const;
  [[nodiscard]] const NodeClass* tightest_freed_class(const Offered& offer,
                                                      const Wanted& wanted) const;
  [[nodiscard]] bool fits_on(const NodeClass& node_class, const GpuHolding& holding,
                             const Wanted& wanted) const;
  [[nodiscard]] int groups_in(const NodeClass& node_class, const GpuHolding& holding,
                              const Wanted& wanted, int most) const;
  [[nodiscard]] int linked_groups(const NodeClass& node_class, const GpuHolding& holding,
                                  const Wanted& wanted, int most) const;
  [[nodiscard]] DeviceMask fitting_mask(const NodeClass& node_class, const GpuHolding& holding,
                                        GpuTypeId type) const;
  [[nodiscard]] std::vector<int> devices_for(const NodeClass& node_class, const GpuHolding& holding,
                                             const Wanted& wanted, int groups) const;
  [[nodiscard]] std::vector<int> first_devices(const NodeClass& node_class,
                                               const GpuHolding& holding, GpuTypeId type,
                                               int count) const;

  const Cluster& cluster_;
  const InternedShape& shape_;
  Freed freed_;
  std::vector<std::optional<Offered>> offered_;  // by type
};

/// Devices of `type` in this class that can take the holding, in the order they are given out.
[[nodiscard]] std::vector<int> fitting_devices(const Cluster& cluster, const NodeClass& node_class,
                                               const GpuHolding& holding, GpuTypeId type);

}  // namespace headroom
