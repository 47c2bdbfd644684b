#include "sim/run/node_choice.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace headroom {
namespace {

using NodeCounts = std::map<ClassId, std::int64_t>;

NodeCounts wanted_of(const Layout& layout) {
  NodeCounts out;
  for (const PlacementPart& part : layout.parts) out[part.node_class] += part.nodes;
  return out;
}

/// The group that hosts of a leaf are in, some levels of switches further out.
class GroupsOfLevel {
 public:
  GroupsOfLevel(std::span<const NetworkLevel> levels, std::size_t level)
      : below_(levels.first(level)) {}

  [[nodiscard]] std::uint32_t of(std::uint32_t leaf) const {
    for (const NetworkLevel& level : below_) leaf = level.parents[leaf];
    return leaf;
  }

 private:
  std::span<const NetworkLevel> below_;
};

bool has_all(const NodeCounts& there, const NodeCounts& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& each) {
    const auto here = there.find(each.first);
    return here != there.end() && here->second >= each.second;
  });
}

// Of the groups of a level that have all that is wanted, the one with the fewest such nodes.
std::optional<std::uint32_t> smallest_group(const Cluster& cluster, const NodeCounts& wanted,
                                            const GroupsOfLevel& groups) {
  std::map<std::uint32_t, NodeCounts> free;
  for (const auto& [id, count] : wanted) {
    for (const NodeId node : cluster.node_class(id).nodes) {
      ++free[groups.of(cluster.spec().nodes[index(node)].leaf)][id];
    }
  }
  std::optional<std::pair<std::int64_t, std::uint32_t>> best;
  for (const auto& [group, counts] : free) {
    if (!has_all(counts, wanted)) continue;
    std::int64_t all = 0;
    for (const auto& [id, count] : counts) all += count;
    if (!best || std::pair(all, group) < *best) best = std::pair(all, group);
  }
  return best ? std::optional(best->second) : std::nullopt;
}

/// The nodes of a class in order of id, those of one group alone where there is one.
class Picker {
 public:
  Picker(const Cluster& cluster, const Layout& layout) : cluster_(cluster) {
    const NodeCounts wanted = wanted_of(layout);
    const auto& levels = cluster.spec().network.levels;
    for (std::size_t level = 0; layout.together && level < levels.size() && !group_; ++level) {
      groups_.emplace(levels, level);
      group_ = smallest_group(cluster, wanted, *groups_);
    }
  }

  std::optional<NodeId> next(const NodeClass& node_class) {
    auto& at = next_.try_emplace(node_class.id, node_class.nodes.begin()).first->second;
    while (at != node_class.nodes.end() && !is_in_group(*at)) ++at;
    if (at == node_class.nodes.end()) return std::nullopt;
    return *at++;
  }

 private:
  [[nodiscard]] bool is_in_group(NodeId node) const {
    return !group_ || groups_->of(cluster_.spec().nodes[index(node)].leaf) == *group_;
  }

  const Cluster& cluster_;
  std::optional<GroupsOfLevel> groups_;
  std::optional<std::uint32_t> group_;
  std::map<ClassId, std::set<NodeId>::const_iterator> next_;  // parts may name one class twice
};

}  // namespace

Result<std::vector<NodeId>> choose_nodes(const Cluster& cluster, const Layout& layout) {
  Picker picker(cluster, layout);
  std::vector<NodeId> out;
  for (const PlacementPart& part : layout.parts) {
    const NodeClass& node_class = cluster.node_class(part.node_class);
    if (part.node) {
      if (layout.parts.size() != 1 || part.nodes != 1) return fail("a node named among others");
      if (!node_class.nodes.contains(*part.node)) return fail("the node named is not of the class");
      return std::vector{*part.node};
    }
    for (int i = 0; i < part.nodes; ++i) {
      const auto node = picker.next(node_class);
      if (!node) return fail("the class has not so many nodes");
      out.push_back(*node);
    }
  }
  return out;
}

}  // namespace headroom
