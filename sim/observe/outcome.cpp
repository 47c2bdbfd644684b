#include "sim/observe/outcome.hpp"

#include "sim/core/assert.hpp"

namespace headroom {

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::placed:
      return "placed";
    case Outcome::placed_degraded:
      return "placed/degraded";
    case Outcome::rejected_incompatible:
      return "rejected/incompatible";
    case Outcome::rejected_no_capacity:
      return "rejected/no_capacity";
    case Outcome::rejected_policy_missed:
      return "rejected/policy_missed";
    case Outcome::rejected_unclassified:
      return "rejected/unclassified";
    case Outcome::refused_by_engine:
      return "refused_by_engine";
    case Outcome::lost:
      return "lost";
    case Outcome::waiting:
      return "waiting";
  }
  HEADROOM_ASSERT(false, "an outcome without a name");
  return "";
}

const std::array<Outcome, kOutcomeCount>& all_outcomes() {
  static constexpr std::array<Outcome, kOutcomeCount> all = {Outcome::placed,
                                                             Outcome::placed_degraded,
                                                             Outcome::rejected_incompatible,
                                                             Outcome::rejected_no_capacity,
                                                             Outcome::rejected_policy_missed,
                                                             Outcome::rejected_unclassified,
                                                             Outcome::refused_by_engine,
                                                             Outcome::lost,
                                                             Outcome::waiting};
  return all;
}

}  // namespace headroom
