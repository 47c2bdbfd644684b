#pragma once
// How a request ends: exactly one outcome each (docs/outcomes.md).

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace headroom {

enum class Outcome : std::uint8_t {
  placed,                 // started as asked, ran to its end or to the end of the run
  placed_degraded,        // started only through degradations the request allows
  rejected_incompatible,  // no valid plan exists even on the empty cluster
  rejected_no_capacity,   // a valid plan exists on the empty cluster, none was free at the last try
  rejected_policy_missed,  // a valid plan was free at the last try, the policy did not offer it
  rejected_unclassified,   // the audit was off
  refused_by_engine,       // placed, but the engine would not start it
  lost,                    // lost a node that it was placed on, and was not placed again
  waiting,                 // still in the queue at the end
};
inline constexpr std::size_t kOutcomeCount = 9;

[[nodiscard]] std::string_view outcome_name(Outcome outcome);
/// All of them, in the order of tables.
[[nodiscard]] const std::array<Outcome, kOutcomeCount>& all_outcomes();
[[nodiscard]] constexpr bool is_served(Outcome outcome) {
  return outcome == Outcome::placed || outcome == Outcome::placed_degraded;
}

struct OutcomeRecord {
  RequestId request{};
  Outcome outcome{};
  /// The rule id of the engine, or the policy's own code for a rejection; empty when placed.
  std::string reason;
  bool timed_out = false;  // its waiting limit ran out
  int attempts = 0;        // times it was placed
  Duration waited{};       // arrival to the placement that lasted, or to the end
  bool completed = false;  // served to the end of its lifetime, not cut off by the end of the run
};

}  // namespace headroom
