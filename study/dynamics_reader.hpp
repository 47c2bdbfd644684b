#pragma once
// The keys of a scenario that say how its cluster changes: docs/cluster-events.md.

#include "sim/cluster/spec.hpp"
#include "sim/core/config.hpp"
#include "sim/run/dynamics.hpp"

#include <filesystem>

namespace headroom {

/// Reads `[[event]]`, `events`, `[failures]`, `[loss]` and `[disk]`. The seed is filled in for each
/// run. Error: as ConfigTable; a node that is not there; a bad row of the file of events.
[[nodiscard]] Result<ClusterDynamics> read_dynamics(const ConfigTable& config,
                                                    const std::filesystem::path& base,
                                                    const ClusterSpec& cluster);

}  // namespace headroom
