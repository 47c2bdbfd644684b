#pragma once
// The network above the nodes as a graph: groups of switches, one vertex each, and the way from
// each to the group above it. Hosts and GPUs are no vertices: a host's place is the number of its
// innermost group.

#include "sim/links/description.hpp"
#include "sim/links/node_graph.hpp"

#include <boost/graph/adjacency_list.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace headroom {

class Network {
 public:
  /// `leaves`: the innermost group of each host.
  Network(const NetworkSpec& spec, std::span<const std::uint32_t> leaves);

  /// Between two hosts of these groups over the same rail.
  [[nodiscard]] Link between(std::uint32_t leaf_a, std::uint32_t leaf_b) const;
  /// Between two GPUs of different hosts: of two rails they meet one level higher.
  [[nodiscard]] Link between(std::uint32_t leaf_a, int device_a, std::uint32_t leaf_b,
                             int device_b) const;
  /// The best link that the worst two of so many hosts can have: in the innermost group that is
  /// large enough.
  [[nodiscard]] Link best_for(std::int64_t hosts) const;

 private:
  struct Group {
    std::int64_t inner_rate = 0;  // between two that meet here
  };
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, Group>;

  [[nodiscard]] Graph::vertex_descriptor above(Graph::vertex_descriptor group) const;

  Graph graph_;  // an edge leads to the group above
  int rails_ = 1;
  std::vector<std::int64_t> rates_;    // by level: between two that meet there
  std::vector<std::int64_t> largest_;  // by level: hosts of the largest group
};

}  // namespace headroom
