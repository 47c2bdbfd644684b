#pragma once
// Requests written in a scenario: its [[request]] tables.

#include "sim/core/config.hpp"
#include "sim/workload/request.hpp"

#include <filesystem>
#include <vector>

namespace headroom {

/// In order of arrival (a stable sort of the file's order). `replicas = n` gives n requests of one
/// group, named "name/1" to "name/n". Error: as ConfigTable; unknown model; unreadable model
/// config.
[[nodiscard]] Result<std::vector<Request>> read_listed_requests(const ConfigTable& config,
                                                                const std::filesystem::path& base);

}  // namespace headroom
