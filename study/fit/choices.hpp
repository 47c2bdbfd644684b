#pragma once
// What each policy would do with the question on the empty cluster.

#include "study/fit/plans.hpp"

#include <vector>

namespace headroom {

/// Error: an unknown policy, or one that places no deployments.
[[nodiscard]] Result<std::vector<FitChoice>> fit_choices(const FitQuestion& question,
                                                         FitGround& ground);

}  // namespace headroom
