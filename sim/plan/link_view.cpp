#include "sim/plan/link_view.hpp"

#include <algorithm>
#include <bit>
#include <functional>

namespace headroom {
namespace {

// A plan is ranked once for each rate its groups can have; of more than these the lower ones are
// one.
constexpr std::size_t kMostLevels = 8;

std::vector<std::uint32_t> leaves_of(const ClusterSpec& spec) {
  std::vector<std::uint32_t> leaves;
  leaves.reserve(spec.nodes.size());
  for (const NodeSpec& node : spec.nodes) leaves.push_back(node.leaf);
  return leaves;
}

}  // namespace

LinkView::LinkView(const Cluster& empty)
    : empty_(empty),
      network_(empty.spec().network, leaves_of(empty.spec())),
      hosts_(empty.spec().gpu_types.size()) {
  const auto& shapes = empty.spec().shapes;
  std::vector<std::int64_t> nodes(shapes.size());
  for (const NodeSpec& node : empty.spec().nodes) ++nodes[index(node.shape)];
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (nodes[i] == 0) continue;
    std::map<GpuTypeId, DeviceMask> devices;
    for (std::size_t d = 0; d < shapes[i].gpus.size(); ++d) {
      devices[shapes[i].gpus[d]] |= device_bit(static_cast<int>(d));
    }
    for (const auto& [type, mask] : devices) {
      hosts_[index(type)].push_back({empty.links(static_cast<NodeShapeId>(i)), mask, nodes[i]});
    }
  }
}

const NodeGraph* LinkView::graph_of(NodeId node) const {
  return empty_.links(empty_.spec().nodes[index(node)].shape);
}

Link LinkView::inside(const NodeGraph* graph, DeviceMask devices, GpuTypeId type) const {
  if (std::popcount(devices) < 2) return {};
  if (graph != nullptr) return graph->bottleneck(devices);
  return own_link(empty_.spec().gpu_types[index(type)]);
}

// Device i of one node talks to device i of the other, in order.
Link LinkView::between(const NodeHolding& a, const NodeHolding& b) const {
  const auto& nodes = empty_.spec().nodes;
  Link worst;
  const std::size_t pairs = std::min(a.devices.size(), b.devices.size());
  for (std::size_t i = 0; i < pairs; ++i) {
    worst = worse(worst, network_.between(nodes[index(a.node)].leaf, a.devices[i],
                                          nodes[index(b.node)].leaf, b.devices[i]));
  }
  return worst;
}

// A described network may be faster than what leads from a GPU to it.
Link LinkView::hop(const Link& link, GpuTypeId type) const {
  if (empty_.spec().network.levels.empty()) return link;
  const std::int64_t own = empty_.spec().gpu_types[index(type)].link_bandwidth();
  return {std::min(link.rate, own), link.transport};
}

GroupLinks LinkView::of(std::span<const NodeHolding> holdings, GpuTypeId type,
                        ParallelPlan plan) const {
  GroupLinks out = plain_links(empty_.spec().gpu_types[index(type)], true);
  Link tensor;
  Link stages;
  Link between_nodes;
  for (std::size_t i = 0; i < holdings.size(); ++i) {
    const NodeGraph* graph = graph_of(holdings[i].node);
    const DeviceMask devices = mask_of(holdings[i].devices);
    const int groups = std::popcount(devices) / plan.tp;
    if (plan.tp > 1 && graph != nullptr) {
      for (const DeviceMask group : graph->best_groups(devices, plan.tp, groups, 0)) {
        tensor = worse(tensor, graph->bottleneck(group));
      }
    } else if (plan.tp > 1) {
      tensor = worse(tensor, inside(graph, devices, type));
    }
    if (groups > 1) stages = worse(stages, inside(graph, devices, type));
    if (i == 0) continue;
    between_nodes = worse(between_nodes, hop(between(holdings[i - 1], holdings[i]), type));
  }
  if (tensor.rate != kNoLink) out.tensor = tensor;
  stages = worse(between_nodes, stages);
  if (stages.rate != kNoLink) out.stages = stages;
  return out;
}

Link LinkView::worst(std::span<const NodeHolding> holdings, GpuTypeId type) const {
  Link out;
  for (std::size_t i = 0; i < holdings.size(); ++i) {
    out = worse(out, inside(graph_of(holdings[i].node), mask_of(holdings[i].devices), type));
    // The worst of all pairs is one with the first: groups of switches are nested.
    if (i > 0) out = worse(out, between(holdings[0], holdings[i]));
  }
  return out;
}

Link LinkView::best_for(GpuTypeId type, int gpus) const {
  const auto key = std::pair(type, gpus);
  if (const auto known = best_for_.find(key); known != best_for_.end()) return known->second;
  const std::vector<Host>& hosts = hosts_[index(type)];
  int largest = 0;
  for (const Host& host : hosts) largest = std::max(largest, std::popcount(host.devices));
  // On one node where one is large enough; else so many on each, and the fewest nodes for that.
  Link best{0, Transport::network};
  for (int each = std::min(gpus, largest); each > 0; --each) {
    const int wanted = (gpus + each - 1) / each;
    std::int64_t nodes = 0;
    Link within{0, Transport::network};
    for (const Host& host : hosts) {
      if (std::popcount(host.devices) < each) continue;
      nodes += host.nodes;
      const Link link = best_inside(host, each, type);
      if (link.rate > within.rate) within = link;
    }
    if (nodes < wanted) continue;
    if (wanted > 1) within = worse(within, network_.best_for(wanted));
    if (within.rate > best.rate) best = within;
    if (wanted == 1) break;
  }
  return best_for_.emplace(key, best).first->second;
}

Link LinkView::best_inside(const Host& host, int gpus, GpuTypeId type) const {
  if (host.graph != nullptr) return host.graph->bottleneck(host.graph->best(host.devices, gpus));
  return inside(nullptr, (DeviceMask{2} << (gpus - 1)) - 1, type);
}

// The links that a group of tp can have at worst, the fastest first.
std::vector<Link> LinkView::levels(const std::vector<Host>& hosts, GpuTypeId type, int tp) const {
  std::vector<Link> out;
  for (const Host& host : hosts) {
    if (std::popcount(host.devices) < tp) continue;
    if (host.graph == nullptr) {
      out.push_back(inside(nullptr, host.devices, type));
      continue;
    }
    const std::int64_t widest = best_inside(host, tp, type).rate;
    for (const Link& link : host.graph->kinds(host.devices)) {
      if (link.rate <= widest) out.push_back(link);
    }
  }
  std::sort(out.begin(), out.end(), std::greater<>());
  const auto as_fast = [](const Link& a, const Link& b) { return a.rate == b.rate; };
  out.erase(std::unique(out.begin(), out.end(), as_fast), out.end());
  if (out.size() > kMostLevels) out.erase(out.begin() + kMostLevels - 1, out.end() - 1);
  return out;
}

const std::vector<LinkChoice>& LinkView::choices(GpuTypeId type, ParallelPlan plan,
                                                 bool one_node) const {
  const auto key = std::tuple(type, plan.tp, plan.pp, one_node);
  const auto known = choices_.find(key);
  if (known != choices_.end()) return known->second;
  return choices_.emplace(key, find_choices(type, plan, one_node)).first->second;
}

// How many groups there can be, on one node or on all, and what joins them on a node at best.
std::pair<std::int64_t, Link> LinkView::groups_there(const std::vector<Host>& hosts, GpuTypeId type,
                                                     ParallelPlan plan, std::int64_t least,
                                                     bool one_node) const {
  std::int64_t groups = 0;
  std::int64_t nodes = 0;
  Link best{0, Transport::network};
  for (const Host& host : hosts) {
    const int most = std::min(plan.pp, std::popcount(host.devices) / plan.tp);
    DeviceMask taken = host.devices;
    int here = most;
    if (host.graph != nullptr) {
      const auto sets = host.graph->best_groups(host.devices, plan.tp, most, least);
      here = static_cast<int>(sets.size());
      taken = 0;
      for (const DeviceMask set : sets) taken |= set;
    } else if (inside(nullptr, host.devices, type).rate < least) {
      here = 0;
    }
    if (here > 0) nodes += host.nodes;
    groups = one_node ? std::max<std::int64_t>(groups, here) : groups + here * host.nodes;
    if (here < plan.pp) continue;
    const Link joined = inside(host.graph, taken, type);
    if (joined.rate > best.rate) best = joined;
  }
  if (!one_node && nodes < 2) groups = 0;
  return {groups, best};
}

std::vector<LinkChoice> LinkView::find_choices(GpuTypeId type, ParallelPlan plan,
                                               bool one_node) const {
  const std::vector<Host>& hosts = hosts_[index(type)];
  const GroupLinks plain = plain_links(empty_.spec().gpu_types[index(type)], true);
  std::vector<Link> links{plain.tensor};
  if (plan.tp > 1) links = levels(hosts, type, plan.tp);
  std::vector<LinkChoice> out;
  for (std::size_t i = 0; i < links.size(); ++i) {
    LinkChoice choice{i + 1 < links.size() ? links[i].rate : 0, {links[i], plain.stages}};
    const auto [most, inside_node] = groups_there(hosts, type, plan, choice.least, one_node);
    if (most < plan.pp) continue;
    if (plan.pp > 1) choice.links.stages = one_node ? inside_node : hop(network_.best_for(2), type);
    out.push_back(choice);
  }
  return out;
}

}  // namespace headroom
