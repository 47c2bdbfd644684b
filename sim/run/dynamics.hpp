#pragma once
// How a cluster changes while a run goes: events, failures by chance, weights on disks. Keys:
// docs/cluster-events.md.

#include "sim/cluster/node_condition.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace headroom {

/// Times to failure and to repair are Weibull distributed with these means and shapes. A shape of 1
/// is without memory; below 1 failures cluster soon after a repair.
struct FailureModel {
  Duration mtbf{};
  Duration repair{};
  double shape = 1.0;
  double repair_shape = 1.0;
};

/// Disks of nodes keep the weights of what started there, least recently used first out.
struct DiskModel {
  Bytes capacity = 0;          // of each node
  std::int64_t bandwidth = 0;  // bytes/s
};

/// What becomes of a deployment that loses a node.
enum class OnLoss : std::uint8_t {
  place_again,  // back into the queue; lost when it is not placed within the waiting limit
  lose,
};

struct ClusterDynamics {
  std::vector<NodeEvent> events;  // by time, equal times in the order of the file
  std::optional<FailureModel> failures;
  std::optional<DiskModel> disk;
  OnLoss on_loss = OnLoss::place_again;
  bool tasks_start_over = true;  // an opaque task loses its work with its node; else it goes on
  std::uint64_t seed = 1;        // of the failures

  /// Whether nodes change at all.
  [[nodiscard]] bool nodes_change() const { return !events.empty() || failures.has_value(); }
};

}  // namespace headroom
