#pragma once
// A file that describes a cluster, and the schema line that such files begin with.

#include "sim/cluster/spec.hpp"
#include "sim/core/config.hpp"
#include "sim/core/result.hpp"

#include <filesystem>
#include <string_view>

namespace headroom {

/// Rejects a `schema` or `version` other than these; absent ones pass.
void check_schema(const ConfigTable& config, std::string_view wanted);

/// Reads the `network` table of a cluster's tables where it names a `topology`, a path relative to
/// `base`; nothing to do where it does not. Error: as read_lingjun_topology and read_network.
[[nodiscard]] Status read_topology(const ConfigTable& cluster, const std::filesystem::path& base,
                                   ClusterSpec& spec);

/// A file of its own with the tables of docs/cluster.md. Error: as read_cluster; unknown keys.
[[nodiscard]] Result<ClusterSpec> read_cluster_file(const std::filesystem::path& file,
                                                    const GpuAliases& aliases);

/// The same of a document that was read already: the root of such a file. Paths in it are relative
/// to `base`.
[[nodiscard]] Result<ClusterSpec> read_cluster_config(const ConfigTable& content,
                                                      const std::filesystem::path& base,
                                                      const GpuAliases& aliases);

}  // namespace headroom
