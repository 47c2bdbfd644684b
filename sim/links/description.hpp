#pragma once
// How GPUs are joined, as described: inside a node, and between nodes. Plain data; NodeGraph and
// Network make graphs of it. Rates are bytes/s in one direction; formats: docs/cluster.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// A host's rate to any other where a description has no network: 100 Gbit/s (estimate).
inline constexpr std::int64_t kNetworkBandwidth = 12'500'000'000;

/// What joins two GPUs, as the legend of `nvidia-smi topo -m` has it.
enum class LinkKind : std::uint8_t {
  nvlink,  // NV#: a bonded set of # NVLinks
  pix,     // at most one PCIe bridge
  pxb,     // several PCIe bridges, no host bridge
  phb,     // a PCIe host bridge
  node,    // between PCIe host bridges of one NUMA node
  sys,     // between NUMA nodes
};

enum class NodeFabric : std::uint8_t {
  uniform,       // not described: every pair at the GPU type's link rate
  nvswitch,      // every pair at the NVLink rate
  nvlink_pairs,  // GPUs 0-1, 2-3, ... bridged, the rest over PCIe
  nvlink_cube,   // hybrid cube mesh of 8 GPUs with 6 NVLinks each (DGX-1V), the rest over PCIe
  pcie,          // PCIe switches below sockets
  edges,         // every pair as `edges` say
};

/// "nvswitch", ...; "matrix" for edges.
[[nodiscard]] std::string_view fabric_name(NodeFabric fabric);

/// A direct link between two GPUs of a node, by device index.
struct LinkEdge {
  int a = 0;
  int b = 0;
  LinkKind kind = LinkKind::sys;
  int count = 1;               // NVLinks
  std::int64_t bandwidth = 0;  // 0: what the kind has

  friend bool operator==(const LinkEdge&, const LinkEdge&) = default;
};

/// The links of a node. Zeros stand for defaults, which NodeGraph fills in from the GPU type.
struct NodeLinks {
  NodeFabric fabric = NodeFabric::uniform;
  std::int64_t nvlink_bandwidth = 0;  // of one GPU, all its links together; of a bridge in pairs
  std::int64_t socket_bandwidth = 0;  // between two sockets
  int gpus_per_switch = 0;            // 0: all of a socket
  int sockets = 0;                    // 0: two where there are four GPUs or more
  std::vector<LinkEdge> edges;        // of fabric `edges`; a pair that is not there is `sys`

  friend bool operator==(const NodeLinks&, const NodeLinks&) = default;
};

/// One layer of switches: racks, NVL72 domains, leaf switches, pods, ...
struct NetworkLevel {
  std::string name;
  std::int64_t bandwidth = kNetworkBandwidth;  // of one host to another of its group
  /// Its group of the level above, by group; empty for the outermost level, which is one group.
  std::vector<std::uint32_t> parents;

  friend bool operator==(const NetworkLevel&, const NetworkLevel&) = default;
};

/// The network above the nodes, innermost level first. Without levels every host reaches every
/// other at kNetworkBandwidth. A node's place is its group of the innermost level (NodeSpec::leaf).
struct NetworkSpec {
  std::vector<NetworkLevel> levels;
  /// Rail-optimised innermost level: GPU i of a host hangs on the switch of rail i mod `rails`. 1:
  /// all GPUs on one.
  int rails = 1;

  friend bool operator==(const NetworkSpec&, const NetworkSpec&) = default;
};

}  // namespace headroom
