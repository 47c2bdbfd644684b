#pragma once
// The audit: what a failed try means, judged over the one plan space that all policies share.

#include "sim/observe/outcome.hpp"
#include "sim/plan/plan_space.hpp"

#include <unordered_map>

namespace headroom {

class Audit {
 public:
  /// Both must outlive it.
  Audit(const ClusterSpec& cluster, PlanSpace& plans) : empty_(cluster), plans_(plans) {}

  /// Why a request of this shape is not placed on the cluster as it is now: incompatible,
  /// no_capacity or policy_missed.
  [[nodiscard]] Outcome judge(const Cluster& cluster, const InternedShape& shape);

 private:
  const Cluster empty_;
  PlanSpace& plans_;
  std::unordered_map<ShapeId, bool> possible_;  // some valid plan has room on the empty cluster
};

}  // namespace headroom
