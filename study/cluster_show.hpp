#pragma once
// A cluster drawn for a terminal, and the same as JSON: `headroom cluster show`.

#include "sim/cluster/spec.hpp"

#include <filesystem>
#include <string>

namespace headroom {

/// A file of docs/cluster.md, or the cluster of a scenario.
[[nodiscard]] Result<ClusterSpec> read_any_cluster(const std::filesystem::path& file);

/// Nodes of equal shape and equal used memory as one entry, at most 100 columns wide. `colour`:
/// bars with ANSI colours, for a terminal.
[[nodiscard]] std::string cluster_text(const ClusterSpec& cluster, const std::string& name,
                                       bool colour);
/// Schema headroom.cluster-show, version 1: docs/cluster.md.
[[nodiscard]] std::string cluster_json(const ClusterSpec& cluster, const std::string& name);

}  // namespace headroom
