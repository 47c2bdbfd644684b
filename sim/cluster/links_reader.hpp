#pragma once
// The keys of a cluster's description that say how GPUs and nodes are joined: docs/cluster.md.

#include "sim/cluster/spec.hpp"
#include "sim/core/config.hpp"
#include "sim/links/description.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace headroom {

/// A rate of a link in bytes/s, or the fallback. Rejects what is not from 1 MB to 1 PB a second.
[[nodiscard]] std::int64_t read_link_rate(const ConfigTable& table, std::string_view key,
                                          std::int64_t fallback);

/// The links of one group of nodes (`links` and the keys beside it), all of whose GPUs are of
/// `gpu`; uniform where `links` is absent. Rejects in `entry` what cannot be.
[[nodiscard]] NodeLinks read_node_links(const ConfigTable& entry, int gpus, const GpuType& gpu);

/// A network whose groups are known for each host, as a published list has them; leaf[i] is the
/// innermost group of host i.
struct HostNetwork {
  NetworkSpec network;
  std::vector<std::uint32_t> leaf;
};

/// Reads the table `network` into the cluster. With `hosts` the groups are those of the first
/// hosts, in order, and `level` only sets rates of levels by name. Error: as ConfigTable; groups
/// that do not nest, or do not hold all nodes; fewer hosts than nodes.
[[nodiscard]] Status read_network(const ConfigTable& network, ClusterSpec& spec,
                                  const HostNetwork* hosts = nullptr);

}  // namespace headroom
