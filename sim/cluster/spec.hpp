#pragma once
// A cluster as described, before anything runs on it: GPU types, node shapes, nodes.

#include "sim/core/config.hpp"
#include "sim/core/ids.hpp"
#include "sim/hardware/gpu_type.hpp"
#include "sim/links/description.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// CPU or RAM of a node that the description does not count.
inline constexpr std::int64_t kNotCounted = std::int64_t{1} << 60;

/// What equal nodes have in common, whatever runs on them.
struct NodeShape {
  std::vector<GpuTypeId> gpus;  // one per device, in device order; empty = CPU node
  std::int64_t cpu_milli = kNotCounted;
  Bytes ram = kNotCounted;
  std::int64_t storage_bandwidth = 0;  // bytes/s weights are read with; 0 = the run's default
  NodeLinks links;                     // how its GPUs are joined

  friend bool operator==(const NodeShape&, const NodeShape&) = default;
};

struct NodeSpec {
  std::string name;
  NodeShapeId shape{};
  std::vector<Bytes> used;  // memory already taken on each device; empty = none anywhere
  std::uint32_t leaf = 0;   // its group of the network's innermost level

  friend bool operator==(const NodeSpec&, const NodeSpec&) = default;
};

/// GPU type by another name: what an undisclosed model is assumed to be ("G2" -> "A10").
using GpuAliases = std::map<std::string, std::string, std::less<>>;

struct ClusterSpec {
  std::vector<GpuType> gpu_types;
  std::vector<NodeShape> shapes;
  std::vector<NodeSpec> nodes;
  NetworkSpec network;
  std::vector<std::string> assumptions;  // printed with every result

  [[nodiscard]] std::int64_t gpu_count() const;
  [[nodiscard]] std::int64_t gpu_count(GpuTypeId type) const;
  /// GPUs of a node that are full of others' memory: nothing of a run can ever be on them, so that
  /// no figure and no load counts them.
  [[nodiscard]] std::int64_t full_gpus(const NodeSpec& node) const;
  /// GPUs of the cluster but the full ones: the capacity that figures and loads are shares of.
  [[nodiscard]] std::int64_t capacity_gpus() const;
  /// Nodes with at least so many GPUs of this type.
  [[nodiscard]] std::int64_t nodes_with(GpuTypeId type, int gpus) const;
  /// Most GPUs of this type in one node.
  [[nodiscard]] int largest_node(GpuTypeId type) const;

  /// The id of a type by name, taking it in if it is new: from the alias, else the catalogue.
  /// An aliased type keeps its own name, so that requests for it do not match the type it copies.
  [[nodiscard]] Result<GpuTypeId> intern_gpu(const std::string& name, const GpuAliases& aliases);
  /// The id of an equal shape, taking it in if it is new.
  [[nodiscard]] NodeShapeId intern_shape(const NodeShape& shape);
};

/// Reads the tables of a cluster: `[[gpu]]` (own types), `[[nodes]]` (groups), `[[override]]`
/// (single nodes), `[network]` (unless it names a `topology`, which is for the caller to read).
/// Error: as ConfigTable; unknown GPU; override of a node that is not there; links or a network
/// that cannot be; no node at all. Format: docs/cluster.md.
[[nodiscard]] Result<ClusterSpec> read_cluster(const ConfigTable& config,
                                               const GpuAliases& aliases);

}  // namespace headroom
