// Links inside nodes: known machines worked by hand, and random graphs against brute force.

#include "sim/links/node_graph.hpp"

#include "sim/core/random.hpp"
#include "sim/links/fabric.hpp"
#include "tests/fixtures.hpp"

#include <boost/random/uniform_int_distribution.hpp>

#include <bit>
#include <optional>

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr std::int64_t kGB = 1'000'000'000;

NodeGraph graph_of(const NodeLinks& links, const GpuType& gpu, int gpus) {
  const std::vector<const GpuType*> types(static_cast<std::size_t>(gpus), &gpu);
  return {links, types};
}

NodeLinks fabric(NodeFabric kind) {
  NodeLinks links;
  links.fabric = kind;
  return links;
}

DeviceMask mask(std::initializer_list<int> devices) { return mask_of(std::vector<int>(devices)); }

std::vector<int> best(const NodeGraph& graph, DeviceMask free, int k) {
  return devices_of(graph.best(free, k));
}

using Devices = std::vector<int>;

/// Edges between all pairs, with rates of a few values so that there are many ties.
NodeLinks random_edges(RandomStream& random, int gpus) {
  boost::random::uniform_int_distribution<int> any_rate(1, 5);
  NodeLinks links = fabric(NodeFabric::edges);
  for (int a = 0; a < gpus; ++a) {
    for (int b = a + 1; b < gpus; ++b) {
      links.edges.push_back({a, b, LinkKind::nvlink, 1, any_rate(random) * kGB});
    }
  }
  return links;
}

std::int64_t rate_of(const NodeLinks& links, int a, int b) {
  for (const LinkEdge& edge : links.edges) {
    if (std::min(a, b) == edge.a && std::max(a, b) == edge.b) return edge.bandwidth;
  }
  return 0;
}

/// Whether the set hangs together over links of at least `least` between its own members.
bool connected(const NodeLinks& links, DeviceMask set, std::int64_t least) {
  DeviceMask reached = set & (~set + 1);
  for (bool grew = true; grew;) {
    grew = false;
    for (const int a : devices_of(reached)) {
      for (const int b : devices_of(set & ~reached)) {
        if (rate_of(links, a, b) < least) continue;
        reached |= device_bit(b);
        grew = true;
      }
    }
  }
  return reached == set;
}

std::int64_t brute_bottleneck(const NodeLinks& links, DeviceMask set) {
  if (std::popcount(set) < 2) return kNoLink;
  for (std::int64_t rate = 5; rate > 0; --rate) {
    if (connected(links, set, rate * kGB)) return rate * kGB;
  }
  return 0;
}

// [n][free]: the widest that the worst bottleneck of n groups can be, -1 where there are not as
// many.
std::vector<std::vector<std::int64_t>> widest_groups(const NodeLinks& links, int gpus, int size) {
  const DeviceMask end = DeviceMask{1} << gpus;
  std::vector<std::int64_t> brute(end, -1);
  for (DeviceMask set = 0; set < end; ++set) {
    if (std::popcount(set) == size) brute[set] = brute_bottleneck(links, set);
  }
  std::vector<std::vector<std::int64_t>> widest(static_cast<std::size_t>(gpus / size) + 1,
                                                std::vector<std::int64_t>(end, -1));
  std::fill(widest[0].begin(), widest[0].end(), kNoLink);
  for (std::size_t n = 1; n < widest.size(); ++n) {
    for (DeviceMask free = 0; free < end; ++free) {
      for (DeviceMask set = free; set != 0; set = (set - 1) & free) {
        const std::int64_t rate = std::min(brute[set], widest[n - 1][free & ~set]);
        widest[n][free] = std::max(widest[n][free], rate);
      }
    }
  }
  return widest;
}

}  // namespace

TEST_CASE("behind NVSwitch all GPUs are alike, and the lowest are taken", "[links]") {
  const GpuType gpu = require_value(find_gpu_type("H100-80GB"));
  const NodeGraph graph = graph_of(fabric(NodeFabric::nvswitch), gpu, 8);
  CHECK(graph.between(0, 7) == Link{450 * kGB, Transport::nvlink});
  CHECK(graph.kinds(0xff) == std::vector<Link>{{450 * kGB, Transport::nvlink}});
  CHECK(graph.bottleneck(mask({1, 3, 6})) == Link{450 * kGB, Transport::nvlink});
  CHECK(graph.bottleneck(mask({4})).rate == kNoLink);
  CHECK(graph.bottleneck(0).rate == kNoLink);
  for (int k = 1; k <= 8; ++k) CHECK(graph.best(0xff, k) == (DeviceMask{1} << k) - 1);
  CHECK(best(graph, mask({2, 3, 5, 7}), 3) == Devices{2, 3, 5});
}

TEST_CASE("bridged pairs are taken whole, and single GPUs come from broken ones", "[links]") {
  const GpuType gpu = require_value(find_gpu_type("A100-80GB"));
  NodeLinks links = fabric(NodeFabric::nvlink_pairs);
  links.sockets = 1;
  const NodeGraph graph = graph_of(links, gpu, 6);
  CHECK(graph.between(2, 3) == Link{300 * kGB, Transport::nvlink});
  CHECK(graph.between(1, 2) == Link{32 * kGB, Transport::pcie});
  CHECK(graph.bottleneck(mask({0, 1})).rate == 300 * kGB);
  CHECK(graph.bottleneck(mask({0, 1, 2})) == Link{32 * kGB, Transport::pcie});
  // 0 is taken: the pair 2-3 is the first whole one, and 1 is what a single GPU should be.
  const DeviceMask free = mask({1, 2, 3, 4, 5});
  CHECK(best(graph, free, 2) == Devices{2, 3});
  CHECK(best(graph, free, 1) == Devices{1});
  CHECK(best(graph, free, 3) == Devices{1, 2, 3});
  CHECK(best(graph, mask({0, 1, 2, 3, 5}), 3) == Devices{0, 1, 5});
  CHECK(best(graph, mask({0, 1, 2, 3, 5}), 4) == Devices{0, 1, 2, 3});
  CHECK(graph.best_groups(0x3f, 2, 9, 0) ==
        std::vector<DeviceMask>{mask({0, 1}), mask({2, 3}), mask({4, 5})});
  CHECK(graph.best_groups(free, 2, 9, 300 * kGB).size() == 2);
  CHECK(graph.best_groups(mask({0, 2, 4}), 2, 9, 300 * kGB).empty());
  CHECK(graph.best_groups(mask({0, 2, 4}), 2, 9, 32 * kGB).size() == 1);
}

TEST_CASE("the cube mesh of a DGX-1V has double links, single ones and pairs without", "[links]") {
  const GpuType gpu = require_value(find_gpu_type("V100M32"));
  const NodeGraph graph = graph_of(fabric(NodeFabric::nvlink_cube), gpu, 8);
  CHECK(graph.between(0, 3) == Link{50 * kGB, Transport::nvlink});
  CHECK(graph.between(0, 4) == Link{50 * kGB, Transport::nvlink});
  CHECK(graph.between(0, 1) == Link{25 * kGB, Transport::nvlink});
  CHECK(graph.between(0, 5) == Link{10 * kGB, Transport::pcie});  // another socket
  std::int64_t links_of_gpu = 0;  // every GPU has six links of 25 GB/s
  for (int a = 0; a < 8; ++a) {
    for (int b = 0; b < 8; ++b) {
      if (a != b && graph.between(a, b).transport == Transport::nvlink) {
        links_of_gpu += graph.between(a, b).rate / (25 * kGB);
      }
    }
  }
  CHECK(links_of_gpu == 8 * 6);
  // 1 and 5 are joined twice; 0 and 5 only through 4 or 1, which a group of theirs does not have.
  CHECK(best(graph, mask({0, 1, 5}), 2) == Devices{1, 5});
  CHECK(graph.bottleneck(mask({0, 5})).rate == 10 * kGB);
  CHECK(graph.bottleneck(mask({0, 1, 5})).rate == 25 * kGB);
  // 0-3 and then 1-4 would be one of two links and one of none; 0-4 with 1-3 is worth more.
  CHECK(graph.best_groups(mask({0, 1, 3, 4}), 2, 9, 25 * kGB) ==
        std::vector<DeviceMask>{mask({1, 3}), mask({0, 4})});
  // The double links are one ring, 0-3-2-1-5-6-7-4: any four in a row are the best there is.
  CHECK(graph.bottleneck(0xff).rate == 50 * kGB);
  CHECK(best(graph, 0xff, 4) == Devices{0, 1, 2, 3});
  CHECK(best(graph, mask({0, 2, 3, 4, 7}), 4) == Devices{0, 2, 3, 4});
}

TEST_CASE("over PCIe what counts is the socket", "[links]") {
  const GpuType gpu = require_value(find_gpu_type("L40S"));
  NodeLinks links = fabric(NodeFabric::pcie);
  links.gpus_per_switch = 2;
  const NodeGraph graph = graph_of(links, gpu, 8);
  CHECK(graph.between(0, 1) == Link{32 * kGB, Transport::pcie});
  CHECK(graph.between(0, 3) == Link{32 * kGB, Transport::pcie});
  CHECK(graph.between(3, 4) == Link{kSocketBandwidth, Transport::pcie});
  CHECK(best(graph, mask({2, 3, 4, 5, 6}), 3) == Devices{4, 5, 6});
  CHECK(best(graph, mask({2, 3, 4, 5, 6}), 2) == Devices{2, 3});
  links.socket_bandwidth = 22 * kGB;
  CHECK(graph_of(links, gpu, 8).bottleneck(0xff).rate == 22 * kGB);
  links.sockets = 1;
  CHECK(graph_of(links, gpu, 8).bottleneck(0xff).rate == 32 * kGB);
  links.sockets = 64;  // more than there are GPUs
  CHECK(graph_of(links, gpu, 3).bottleneck(0x7).rate == 22 * kGB);
}

TEST_CASE("explicit edges have their kind's rate or their own, and the rest is SYS", "[links]") {
  const GpuType gpu = require_value(find_gpu_type("V100M32"));
  NodeLinks links = fabric(NodeFabric::edges);
  links.edges = {{0, 1, LinkKind::nvlink, 2},
                 {2, 1, LinkKind::phb},
                 {0, 2, LinkKind::nvlink, 1, 7 * kGB},
                 {0, 9, LinkKind::nvlink, 6},  // no such device
                 {3, 3, LinkKind::nvlink, 6}};
  const NodeGraph graph = graph_of(links, gpu, 4);
  CHECK(graph.between(1, 0) == Link{50 * kGB, Transport::nvlink});
  CHECK(graph.between(1, 2) == Link{16 * kGB, Transport::pcie});
  CHECK(graph.between(0, 2) == Link{7 * kGB, Transport::nvlink});
  CHECK(graph.between(0, 3) == Link{10 * kGB, Transport::pcie});
  // A member passes data on: 0-1-2 is wider than 0-2.
  CHECK(graph.bottleneck(mask({0, 1, 2})).rate == 16 * kGB);
  CHECK(one_nvlink(require_value(find_gpu_type("P100"))) == 20 * kGB);
  CHECK(one_nvlink(require_value(find_gpu_type("B200"))) == 50 * kGB);
}

TEST_CASE("best sets of random graphs have the bottleneck that brute force finds", "[links]") {
  auto random = random_stream(1, "node-graph-test");
  const GpuType gpu = own_gpu("g", kGiB);
  std::size_t checked = 0;
  for (int round = 0; round < 60; ++round) {
    const int gpus = 1 + round % 8;
    const NodeLinks links = random_edges(random, gpus);
    const NodeGraph graph = graph_of(links, gpu, gpus);
    const DeviceMask all = (DeviceMask{1} << gpus) - 1;
    std::vector<std::int64_t> brute(all + 1);
    for (DeviceMask set = 0; set <= all; ++set) {
      brute[set] = brute_bottleneck(links, set);
      if (graph.bottleneck(set).rate != brute[set]) FAIL("bottleneck of " << set);
    }
    for (DeviceMask free = 1; free <= all; ++free) {
      for (int k = 1; k <= std::popcount(free); ++k) {
        std::int64_t widest = 0;
        for (DeviceMask set = free;; set = (set - 1) & free) {
          if (std::popcount(set) == k) widest = std::max(widest, brute[set]);
          if (set == 0) break;
        }
        const DeviceMask found = graph.best(free, k);
        if (std::popcount(found) != k || (found & ~free) != 0 || brute[found] != widest) {
          FAIL(gpus << " GPUs, free " << free << ", k " << k << ": " << found);
        }
        if (graph.search_best(free, k) != found) FAIL("the memory differs");
        ++checked;
      }
    }
  }
  CHECK(checked > 10'000);
}

TEST_CASE("groups of random graphs are as many and as well linked as brute force finds",
          "[links]") {
  auto random = random_stream(2, "node-graph-test");
  const GpuType gpu = own_gpu("g", kGiB);
  int greedy_was_worse = 0;
  for (int round = 0; round < 60; ++round) {
    const int gpus = 4 + round % 5;
    const NodeLinks links = random_edges(random, gpus);
    const NodeGraph graph = graph_of(links, gpu, gpus);
    const DeviceMask all = (DeviceMask{1} << gpus) - 1;
    const int size = 2 + round % 2;
    const auto widest = widest_groups(links, gpus, size);
    for (DeviceMask free = 1; free <= all; ++free) {
      for (const std::int64_t least : {std::int64_t{0}, 2 * kGB, 4 * kGB}) {
        std::size_t most = 0;
        while (most + 1 < widest.size() && widest[most + 1][free] >= least &&
               widest[most + 1][free] >= 0) {
          ++most;
        }
        const auto groups = graph.best_groups(free, size, 9, least);
        std::int64_t worst = kNoLink;
        DeviceMask used = 0;
        for (const DeviceMask group : groups) {
          if (std::popcount(group) != size || (group & ~free) != 0 || (group & used) != 0) {
            FAIL("group " << group << " of free " << free);
          }
          used |= group;
          worst = std::min(worst, brute_bottleneck(links, group));
        }
        if (groups.size() != most || worst != widest[most][free]) {
          FAIL(gpus << " GPUs, free " << free << ", least " << least << ": " << groups.size()
                    << " groups for " << most);
        }
        // The best set first, then the best of the rest: what is not enough.
        const DeviceMask first = groups.empty() ? 0 : graph.best(free, size);
        if (groups.size() == 2 && widest[1][free & ~first] < worst) ++greedy_was_worse;
      }
    }
  }
  CHECK(greedy_was_worse > 100);
}

TEST_CASE("of random machines of switches and sockets each pair has the link it must", "[links]") {
  auto random = random_stream(2, "node-graph-test");
  const GpuType gpu = own_gpu("g", kGiB);  // 100 GB/s over PCIe
  boost::random::uniform_int_distribution<int> any(1, 8);
  for (int round = 0; round < 200; ++round) {
    NodeLinks links = fabric(round % 2 == 0 ? NodeFabric::pcie : NodeFabric::nvlink_pairs);
    links.nvlink_bandwidth = 400 * kGB;
    links.sockets = any(random);
    links.gpus_per_switch = any(random);
    const int gpus = any(random) + any(random);
    const int per_socket =
        (gpus + std::min(gpus, links.sockets) - 1) / std::min(gpus, links.sockets);
    const NodeGraph graph = graph_of(links, gpu, gpus);
    for (int a = 0; a < gpus; ++a) {
      for (int b = 0; b < gpus; ++b) {
        if (a == b) continue;
        const bool paired = links.fabric == NodeFabric::nvlink_pairs && a / 2 == b / 2;
        const std::int64_t wanted = paired                             ? 400 * kGB
                                    : a / per_socket == b / per_socket ? 100 * kGB
                                                                       : kSocketBandwidth;
        CHECK(graph.between(a, b).rate == wanted);
      }
    }
  }
}

TEST_CASE("a node of 64 GPUs in pairs is searched, and remembered", "[links]") {
  const GpuType gpu = require_value(find_gpu_type("A100-80GB"));
  const NodeGraph graph = graph_of(fabric(NodeFabric::nvlink_pairs), gpu, 64);
  CHECK(graph.best(~DeviceMask{0}, 64) == ~DeviceMask{0});
  CHECK(best(graph, ~DeviceMask{1}, 2) == Devices{2, 3});
  CHECK(best(graph, ~DeviceMask{1}, 1) == Devices{1});
  CHECK(graph.best_groups(~DeviceMask{0}, 2, 64, 300 * kGB).size() == 32);
  CHECK(graph.bottleneck(graph.best(~DeviceMask{0}, 32)).rate == 32 * kGB);
  CHECK(graph.bottleneck(graph.best(~DeviceMask{0}, 33)).rate == kSocketBandwidth);
}
