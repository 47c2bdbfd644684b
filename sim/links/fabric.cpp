#include "sim/links/fabric.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/graph/dijkstra_shortest_paths_no_color_map.hpp>
#include <boost/graph/filtered_graph.hpp>

#include <algorithm>
#include <array>
#include <functional>

namespace headroom {
namespace {

struct Wire {
  std::int64_t rate = 0;
  bool nvlink = false;
};

// Vertices 0 ... n - 1 are the GPUs, the others switches and sockets. Directed, so that a search
// can leave out what a GPU other than its start would pass on.
using Graph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Wire>;
using Vertex = Graph::vertex_descriptor;

void join(Graph& graph, Vertex a, Vertex b, std::int64_t rate, bool nvlink) {
  boost::add_edge(a, b, Wire{rate, nvlink}, graph);
  boost::add_edge(b, a, Wire{rate, nvlink}, graph);
}

struct Passable {
  const Graph* graph = nullptr;
  Vertex start = 0;
  std::size_t gpus = 0;
  bool nvlink_only = false;

  bool operator()(const Graph::edge_descriptor& edge) const {
    const Vertex from = boost::source(edge, *graph);
    if (from < gpus && from != start) return false;
    return !nvlink_only || (*graph)[edge].nvlink;
  }
};

// The widest path from one GPU to every vertex: Dijkstra with min for + and the other order.
std::vector<std::int64_t> widest_from(const Graph& graph, Vertex start, std::size_t gpus,
                                      bool nvlink_only) {
  const boost::filtered_graph<Graph, Passable> open(graph, {&graph, start, gpus, nvlink_only});
  std::vector<std::int64_t> widest(boost::num_vertices(graph), 0);
  boost::dijkstra_shortest_paths_no_color_map(
      open, start,
      boost::weight_map(boost::get(&Wire::rate, graph))
          .distance_map(widest.data())
          .distance_compare(std::greater<>())
          .distance_combine([](std::int64_t a, std::int64_t b) { return std::min(a, b); })
          .distance_inf(std::int64_t{0})
          .distance_zero(kNoLink));
  return widest;
}

// GPUs below PCIe switches below sockets, in order of device.
void add_pcie(Graph& graph, const NodeLinks& links, std::span<const GpuType* const> gpus) {
  const auto n = static_cast<int>(gpus.size());
  const int sockets = std::min(n, links.sockets > 0 ? links.sockets : n >= 4 ? 2 : 1);
  const int per_socket = (n + sockets - 1) / sockets;
  const int per_switch = links.gpus_per_switch > 0 ? links.gpus_per_switch : per_socket;
  const std::int64_t upi = links.socket_bandwidth > 0 ? links.socket_bandwidth : kSocketBandwidth;
  std::vector<Vertex> roots;
  for (int first = 0; first < n; first += per_socket) {
    const Vertex socket = boost::add_vertex(graph);
    for (const Vertex other : roots) join(graph, socket, other, upi, false);
    roots.push_back(socket);
    const int end = std::min(n, first + per_socket);
    for (int at = first; at < end; at += per_switch) {
      const Vertex bridge = boost::add_vertex(graph);
      std::int64_t uplink = 0;
      for (int i = at; i < std::min(end, at + per_switch); ++i) {
        const std::int64_t rate = gpus[static_cast<std::size_t>(i)]->pcie_bandwidth;
        join(graph, static_cast<Vertex>(i), bridge, rate, false);
        uplink = std::max(uplink, rate);
      }
      join(graph, bridge, socket, uplink, false);
    }
  }
}

std::int64_t nvlink_rate(const NodeLinks& links, const GpuType& gpu) {
  return links.nvlink_bandwidth > 0 ? links.nvlink_bandwidth : gpu.nvlink_bandwidth;
}

void add_nvswitch(Graph& graph, const NodeLinks& links, std::span<const GpuType* const> gpus) {
  const Vertex middle = boost::add_vertex(graph);
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    join(graph, i, middle, nvlink_rate(links, *gpus[i]), true);
  }
}

void add_pairs(Graph& graph, const NodeLinks& links, std::span<const GpuType* const> gpus) {
  for (std::size_t i = 0; i + 1 < gpus.size(); i += 2) {
    join(graph, i, i + 1, std::min(nvlink_rate(links, *gpus[i]), nvlink_rate(links, *gpus[i + 1])),
         true);
  }
  add_pcie(graph, links, gpus);
}

// DGX-1V: two meshes of four, joined corner by corner; six links a GPU, some pairs with two.
// Source: the machine's own description in github.com/NVIDIA/nccl/issues/671.
void add_cube(Graph& graph, const NodeLinks& links, std::span<const GpuType* const> gpus) {
  static constexpr std::array<std::array<int, 3>, 16> wires = {{{0, 1, 1},
                                                                {0, 2, 1},
                                                                {0, 3, 2},
                                                                {1, 2, 2},
                                                                {1, 3, 1},
                                                                {2, 3, 2},
                                                                {4, 5, 1},
                                                                {4, 6, 1},
                                                                {4, 7, 2},
                                                                {5, 6, 2},
                                                                {5, 7, 1},
                                                                {6, 7, 2},
                                                                {0, 4, 2},
                                                                {1, 5, 2},
                                                                {2, 6, 1},
                                                                {3, 7, 1}}};
  constexpr int kLinksOfGpu = 6;
  for (const auto& [a, b, count] : wires) {
    const auto i = static_cast<std::size_t>(a);
    const auto j = static_cast<std::size_t>(b);
    if (i >= gpus.size() || j >= gpus.size()) continue;
    join(graph, i, j, nvlink_rate(links, *gpus[i]) / kLinksOfGpu * count, true);
  }
  NodeLinks pcie = links;
  pcie.sockets = 2;
  pcie.gpus_per_switch = 2;
  add_pcie(graph, pcie, gpus);
}

void add_edges(Graph& graph, const NodeLinks& links, std::span<const GpuType* const> gpus) {
  const std::int64_t upi = links.socket_bandwidth > 0 ? links.socket_bandwidth : kSocketBandwidth;
  const std::size_t n = gpus.size();
  std::vector<bool> joined(n * n, false);
  const auto add = [&](const LinkEdge& edge) {
    const auto a = static_cast<std::size_t>(std::min(edge.a, edge.b));
    const auto b = static_cast<std::size_t>(std::max(edge.a, edge.b));
    if (b >= n || a == b || joined[a * n + b]) return;
    joined[a * n + b] = true;
    const std::int64_t pcie = std::min(gpus[a]->pcie_bandwidth, gpus[b]->pcie_bandwidth);
    std::int64_t rate = edge.bandwidth;
    if (rate == 0) {
      rate = edge.kind == LinkKind::nvlink
                 ? edge.count * std::min(one_nvlink(*gpus[a]), one_nvlink(*gpus[b]))
             : edge.kind == LinkKind::sys ? std::min(pcie, upi)
                                          : pcie;
    }
    join(graph, a, b, rate, edge.kind == LinkKind::nvlink);
  };
  for (const LinkEdge& edge : links.edges) add(edge);
  for (int a = 0; a < static_cast<int>(n); ++a) {
    for (int b = a + 1; b < static_cast<int>(n); ++b) add({a, b, LinkKind::sys});
  }
}

void add_uniform(Graph& graph, std::span<const GpuType* const> gpus) {
  const Vertex middle = boost::add_vertex(graph);
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    join(graph, i, middle, gpus[i]->link_bandwidth(), gpus[i]->nvlink_bandwidth > 0);
  }
}

Graph build(const NodeLinks& links, std::span<const GpuType* const> gpus) {
  Graph graph(gpus.size());
  switch (links.fabric) {
    case NodeFabric::uniform:
      add_uniform(graph, gpus);
      break;
    case NodeFabric::nvswitch:
      add_nvswitch(graph, links, gpus);
      break;
    case NodeFabric::nvlink_pairs:
      add_pairs(graph, links, gpus);
      break;
    case NodeFabric::nvlink_cube:
      add_cube(graph, links, gpus);
      break;
    case NodeFabric::pcie:
      add_pcie(graph, links, gpus);
      break;
    case NodeFabric::edges:
      add_edges(graph, links, gpus);
      break;
  }
  return graph;
}

}  // namespace

std::int64_t one_nvlink(const GpuType& gpu) {
  constexpr std::int64_t kGB = 1'000'000'000;
  if (gpu.compute_capability >= 100) return 50 * kGB;
  if (gpu.compute_capability == 86) return 14 * kGB;
  if (gpu.compute_capability > 0 && gpu.compute_capability < 70) return 20 * kGB;
  return 25 * kGB;
}

std::vector<Link> pair_links(const NodeLinks& links, std::span<const GpuType* const> gpus) {
  const Graph graph = build(links, gpus);
  const std::size_t n = gpus.size();
  std::vector<Link> pairs(n * n);
  for (std::size_t a = 0; a < n; ++a) {
    const auto widest = widest_from(graph, a, n, false);
    const auto over_nvlink = widest_from(graph, a, n, true);
    for (std::size_t b = 0; b < n; ++b) {
      if (a == b) continue;
      const bool nvlink = over_nvlink[b] > 0 && over_nvlink[b] == widest[b];
      pairs[a * n + b] = {widest[b], nvlink ? Transport::nvlink : Transport::pcie};
    }
  }
  return pairs;
}

}  // namespace headroom
