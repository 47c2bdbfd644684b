#pragma once
// The table [queue] of a scenario: docs/scenario.md.

#include "sim/core/config.hpp"
#include "study/scenario.hpp"

namespace headroom {

/// Longest time that a request may be made to wait.
inline constexpr Duration kLongestWait = std::chrono::hours{24 * 3650};

/// Fills the queue's part of `scenario`; errors are recorded in `config`.
void read_queue(const ConfigTable& config, Scenario& scenario);

/// Whether the cluster is one on which particular machines can be reserved, where the queue is to.
/// Error: nodes that differ, have not one GPU each, or change.
[[nodiscard]] Status check_reservations(const ConfigTable& config, const Scenario& scenario);

}  // namespace headroom
