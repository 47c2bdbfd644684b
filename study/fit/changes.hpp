#pragma once
// What to change so that a model starts, or holds the sequences asked for. Every change is asked of
// the engine and of the plan space before it is offered.

#include "study/fit/plans.hpp"

#include <span>
#include <vector>

namespace headroom {

/// Changes after which a plan starts that holds `sequences` full sequences, cheapest first: those
/// of the command line, then another checkpoint, then other hardware. `plans` are those of the
/// question as it is.
[[nodiscard]] std::vector<FitChange> fit_changes(const FitQuestion& question, FitGround& ground,
                                                 std::span<const FitPlan> plans,
                                                 std::int64_t sequences);

}  // namespace headroom
