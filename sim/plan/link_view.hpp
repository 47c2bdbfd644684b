#pragma once
// What links a placement has, or could have at best: node graphs and the network together.

#include "sim/cluster/cluster.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/links/network.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace headroom {

/// A plan may be laid out over better or worse links, each a choice of its own.
struct LinkChoice {
  std::int64_t least = 0;  // what a search must ask of each group; 0: nothing
  GroupLinks links;        // what it is worth then
};

/// Belongs to one run. Keeps references: cluster and its specification must outlive it.
class LinkView {
 public:
  /// `empty`: the cluster with nothing on it, whose node graphs this uses.
  explicit LinkView(const Cluster& empty);

  /// The links of a deployment where it lies, its groups made as well as they can be on each node.
  [[nodiscard]] GroupLinks of(std::span<const NodeHolding> holdings, GpuTypeId type,
                              ParallelPlan plan) const;
  /// The worst link among all GPUs of a placement; kNoLink for one GPU.
  [[nodiscard]] Link worst(std::span<const NodeHolding> holdings, GpuTypeId type) const;
  /// The best that worst() can be for so many GPUs of a type on the empty cluster: on one node
  /// where one is large enough, else on several.
  [[nodiscard]] Link best_for(GpuTypeId type, int gpus) const;
  /// The choices for a plan on the empty cluster, best groups first, the last one asking nothing;
  /// none where no node (or, with !one_node, not the nodes together) has the devices.
  /// The reference stays valid.
  [[nodiscard]] const std::vector<LinkChoice>& choices(GpuTypeId type, ParallelPlan plan,
                                                       bool one_node) const;

  [[nodiscard]] const Network& network() const { return network_; }

 private:
  // A node shape with devices of the type asked for.
  struct Host {
    const NodeGraph* graph;  // null: not described
    DeviceMask devices;
    std::int64_t nodes;
  };

  [[nodiscard]] std::vector<LinkChoice> find_choices(GpuTypeId type, ParallelPlan plan,
                                                     bool one_node) const;
  [[nodiscard]] std::pair<std::int64_t, Link> groups_there(const std::vector<Host>& hosts,
                                                           GpuTypeId type, ParallelPlan plan,
                                                           std::int64_t least, bool one_node) const;
  [[nodiscard]] Link inside(const NodeGraph* graph, DeviceMask devices, GpuTypeId type) const;
  [[nodiscard]] Link best_inside(const Host& host, int gpus, GpuTypeId type) const;
  [[nodiscard]] Link between(const NodeHolding& a, const NodeHolding& b) const;
  [[nodiscard]] const NodeGraph* graph_of(NodeId node) const;
  [[nodiscard]] Link hop(const Link& link, GpuTypeId type) const;
  [[nodiscard]] std::vector<Link> levels(const std::vector<Host>& hosts, GpuTypeId type,
                                         int tp) const;

  const Cluster& empty_;
  Network network_;
  std::vector<std::vector<Host>> hosts_;  // by type
  mutable std::map<std::pair<GpuTypeId, int>, Link> best_for_;
  // By type, tp, pp, one node.
  mutable std::map<std::tuple<GpuTypeId, int, int, bool>, std::vector<LinkChoice>> choices_;
};

}  // namespace headroom
