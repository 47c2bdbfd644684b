#pragma once
// What tells most classical policies apart: how good a node is for a request. The node with the
// highest score is taken, of equals the one with the lowest id; so the order of a cluster's nodes
// is the order in which ties are broken.

#include "policies/classical/node_ask.hpp"
#include "sim/core/config.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace headroom {

class NodeScore {
 public:
  NodeScore() = default;
  NodeScore(const NodeScore&) = delete;
  NodeScore& operator=(const NodeScore&) = delete;
  virtual ~NodeScore() = default;

  /// Of the nodes of a class that has room. The same as long as version() is.
  [[nodiscard]] virtual std::int64_t of(const Cluster& cluster, const NodeClass& node_class,
                                        const NodeAsk& ask) = 0;
  /// Whether all nodes are equal to it: then none is remembered.
  [[nodiscard]] virtual bool constant() const { return false; }
  /// Which of its devices, ascending. Precondition: the class has room.
  [[nodiscard]] virtual std::vector<int> devices(const Cluster& cluster,
                                                 const NodeClass& node_class, const NodeAsk& ask) {
    return tightest_devices(cluster, node_class, ask);
  }
  /// Which node of the class: of the lowest id, or (Layout::together) of those that the network
  /// joins with the fewest others of it.
  [[nodiscard]] virtual bool together(const Cluster& /*cluster*/, const NodeClass& /*node_class*/,
                                      const NodeAsk& /*ask*/) const {
    return false;
  }
  /// Whether what takes several nodes gets them from one group of the network, if one has enough.
  [[nodiscard]] virtual bool groups_nodes() const { return false; }
  [[nodiscard]] virtual bool reads_kinds() const { return false; }
  virtual void arrived(const InternedShape& /*shape*/) {}
  [[nodiscard]] virtual std::uint64_t version() const { return 0; }
};

/// What is left of a node is measured against the largest node of the cluster. Nodes whose CPU is
/// not counted have as much of it as the largest that is.
class NodeMeasure {
 public:
  explicit NodeMeasure(const ClusterSpec& spec);

  /// In parts of the largest node's CPU, or of all GPUs of the node with the most: 0 to 1.
  [[nodiscard]] double cpu(std::int64_t milli) const;
  [[nodiscard]] double gpu(std::int64_t milli) const;
  /// Free milli of all GPUs of a node.
  [[nodiscard]] static std::int64_t gpu_free(const NodeState& state);
  [[nodiscard]] std::int64_t most_gpu_milli() const { return most_gpu_milli_; }

 private:
  std::int64_t most_cpu_milli_ = 0;
  std::int64_t most_gpu_milli_ = 0;
};

// One file each. `options` is the policy's table.
using MakeNodeScore = std::unique_ptr<NodeScore> (*)(const PlacerContext& context,
                                                     const ConfigTable& options);
std::unique_ptr<NodeScore> make_first_fit_score(const PlacerContext&, const ConfigTable&);
std::unique_ptr<NodeScore> make_best_fit_score(const PlacerContext&, const ConfigTable&);
std::unique_ptr<NodeScore> make_worst_fit_score(const PlacerContext&, const ConfigTable&);
std::unique_ptr<NodeScore> make_dot_product_score(const PlacerContext&, const ConfigTable&);
std::unique_ptr<NodeScore> make_gpu_packing_score(const PlacerContext&, const ConfigTable&);
std::unique_ptr<NodeScore> make_gpu_clustering_score(const PlacerContext&, const ConfigTable&);
std::unique_ptr<NodeScore> make_buddy_score(const PlacerContext&, const ConfigTable&);
std::unique_ptr<NodeScore> make_fgd_score(const PlacerContext&, const ConfigTable&);
std::unique_ptr<NodeScore> make_fgd_heads_score(const PlacerContext&, const ConfigTable&);

}  // namespace headroom
