#include "sim/run/audit.hpp"

namespace headroom {

Outcome Audit::judge(const Cluster& cluster, const InternedShape& shape, RoomSearch::Freed freed) {
  auto possible = possible_.find(shape.id);
  if (possible == possible_.end()) {
    const bool found = plans_.find_any_room(plans_.empty_cluster(), shape).has_value();
    possible = possible_.emplace(shape.id, found).first;
  }
  if (!possible->second) return Outcome::rejected_incompatible;
  if (plans_.find_any_room(cluster, shape, freed)) return Outcome::rejected_policy_missed;
  return Outcome::rejected_no_capacity;
}

}  // namespace headroom
