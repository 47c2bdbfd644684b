#pragma once
// Which of the valid plans that have room is taken, and where: what "best" means.

#include "sim/policy/placer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace headroom {

/// In the order of their names: prefer_names().
enum class Prefer : std::uint8_t {
  /// The plan of most worth, on the nodes it leaves least idle (best fit).
  worth,
  /// Of the placements that the search packs, one for each plan: that after which its nodes have
  /// the
  /// fewest idle GPUs of its type; then worth.
  least_stranded,
  /// Of the same, the one on the fewest nodes; then worth.
  fewest_nodes,
  /// The plan of most worth; if it is for one node, on the node with the most idle GPUs.
  spread,
  /// The plan of most worth among those for one node that have room where the weights stand on the
  /// disk; else as worth.
  weights_on_node,
};
/// "worth", "least-stranded", "fewest-nodes", "spread", "weights-on-node".
[[nodiscard]] std::span<const std::string> prefer_names();

/// What is chosen from: plans of one shape in their order, on the cluster as it is.
struct PlanQuestion {
  const Cluster& cluster;
  const InternedShape& shape;
  std::span<const RankedPlan> plans;
  RoomSearch& search;  // may know freed nodes: then it is only asked whether there is room at all
  std::span<const NodeId> weights_on = {};
};

struct ChosenPlan {
  std::size_t rank = 0;  // in the question's plans
  Layout layout;
};

/// nullopt exactly where no plan has room, whatever is preferred.
[[nodiscard]] std::optional<ChosenPlan> choose_plan(const PlanQuestion& question, Prefer prefer);

/// What a placement has of what is preferred: "leaves 2 GPUs idle on its nodes"; "" where worth or
/// where the weights stand decides.
[[nodiscard]] std::string preference_text(const Cluster& cluster, Prefer prefer,
                                          const Layout& layout);

/// Idle devices of a type on a node of this class.
[[nodiscard]] int idle_devices(const Cluster& cluster, const NodeClass& node_class, GpuTypeId type);
/// Of a part's devices, those that are idle.
[[nodiscard]] int idle_taken(const Cluster& cluster, const PlacementPart& part);

}  // namespace headroom
