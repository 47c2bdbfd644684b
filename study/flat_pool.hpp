#pragma once
// A pool of GPUs without nodes, types or start-up times: what queueing theory, and most published
// comparisons of queue disciplines, look at.

#include "study/scenario.hpp"

#include <cstdint>
#include <vector>

namespace headroom {

inline constexpr std::int64_t kMostFlatGpus = 2'000'000;

/// A trace's tasks on so many GPUs, each a node of its own: any free GPUs will do. Queue
/// disciplines know how long each task takes, and nobody gives up. Strict FIFO, unless `overrides`
/// sets queue.discipline. Error: as read_scenario; no overrides.trace.
[[nodiscard]] Result<Scenario> flat_pool(std::int64_t gpus, const ScenarioOverrides& overrides);

/// The same of these requests, by arrival.
[[nodiscard]] Result<Scenario> flat_pool_of(std::int64_t gpus, std::vector<Request> requests);

}  // namespace headroom
