#pragma once
// The audit: what a failed try means, judged over the one plan space that all policies share.

#include "sim/observe/outcome.hpp"
#include "sim/plan/plan_space.hpp"

#include <unordered_map>

namespace headroom {

class Audit {
 public:
  /// `plans` must outlive it.
  explicit Audit(PlanSpace& plans) : plans_(plans) {}

  /// Why a request of this shape is not placed on the cluster as it is now: incompatible,
  /// no_capacity or policy_missed. `freed`: the nodes freed since an equal shape was judged
  /// no_capacity, where it was.
  [[nodiscard]] Outcome judge(const Cluster& cluster, const InternedShape& shape,
                              RoomSearch::Freed freed = std::nullopt);

 private:
  PlanSpace& plans_;
  std::unordered_map<ShapeId, bool> possible_;  // some valid plan has room on the empty cluster
};

}  // namespace headroom
