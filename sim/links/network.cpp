#include "sim/links/network.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>

namespace headroom {

Network::Network(const NetworkSpec& spec, std::span<const std::uint32_t> leaves)
    : rails_(spec.rails) {
  std::int64_t rate = kNoLink;
  for (const NetworkLevel& level : spec.levels) {
    rate = std::min(rate, level.bandwidth);  // the way there leads through the levels below
    rates_.push_back(rate);
  }
  if (rates_.empty()) rates_.push_back(kNetworkBandwidth);

  std::vector<std::int64_t> hosts(spec.levels.empty() || spec.levels.front().parents.empty()
                                      ? 1
                                      : spec.levels.front().parents.size());
  for (const std::uint32_t leaf : leaves) {
    HEADROOM_ASSERT(leaf < hosts.size(), "a host of a group that the network does not have");
    ++hosts[leaf];
  }
  // Level by level: the groups, and the edges from the groups of the level below.
  std::size_t first_below = 0;
  for (std::size_t level = 0; level < rates_.size(); ++level) {
    const std::size_t first = boost::num_vertices(graph_);
    std::vector<std::int64_t> here = hosts;
    if (level > 0) {
      const auto& parents = spec.levels[level - 1].parents;
      here.assign(*std::max_element(parents.begin(), parents.end()) + 1, 0);
      for (std::size_t g = 0; g < parents.size(); ++g) here[parents[g]] += hosts[g];
    }
    for (std::size_t g = 0; g < here.size(); ++g) boost::add_vertex(Group{rates_[level]}, graph_);
    if (level > 0) {
      const auto& parents = spec.levels[level - 1].parents;
      for (std::size_t g = 0; g < parents.size(); ++g) {
        boost::add_edge(first_below + g, first + parents[g], graph_);
      }
    }
    largest_.push_back(*std::max_element(here.begin(), here.end()));
    hosts = std::move(here);
    first_below = first;
  }
}

Network::Graph::vertex_descriptor Network::above(Graph::vertex_descriptor group) const {
  const auto [begin, end] = boost::out_edges(group, graph_);
  return begin == end ? group : boost::target(*begin, graph_);
}

Link Network::between(std::uint32_t leaf_a, std::uint32_t leaf_b) const {
  return between(leaf_a, 0, leaf_b, 0);
}

Link Network::between(std::uint32_t leaf_a, int device_a, std::uint32_t leaf_b,
                      int device_b) const {
  Graph::vertex_descriptor a = leaf_a;
  Graph::vertex_descriptor b = leaf_b;
  if (a == b && device_a % rails_ != device_b % rails_)
    return {graph_[above(a)].inner_rate, Transport::network};
  while (a != b && above(a) != a) {
    a = above(a);
    b = above(b);
  }
  return {graph_[a].inner_rate, Transport::network};
}

Link Network::best_for(std::int64_t hosts) const {
  for (std::size_t level = 0; level < rates_.size(); ++level) {
    if (largest_[level] >= hosts) return {rates_[level], Transport::network};
  }
  return {rates_.back(), Transport::network};
}

}  // namespace headroom
