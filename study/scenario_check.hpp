#pragma once
// What can only be checked once all of a scenario has been read.

#include "study/scenario.hpp"

namespace headroom {

/// Error: a policy that does not take the workload's deployments; an expectation of a policy or a
/// request that is not there; a GPU type that the cluster does not have; a wrong option of a
/// policy. Precondition: `scenario.config` is set.
[[nodiscard]] Status check_whole(const Scenario& scenario, const ScenarioOverrides& overrides);

}  // namespace headroom
