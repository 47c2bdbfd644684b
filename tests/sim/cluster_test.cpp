#include "sim/cluster/cluster.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/random.hpp"
#include "tests/fixtures.hpp"

#include <boost/random/uniform_int_distribution.hpp>

#include <map>
#include <set>
#include <vector>

using namespace headroom;
using namespace headroom::test;

namespace {

NodeHolding holding(std::uint32_t node, std::vector<int> devices, int milli = kWholeGpu,
                    Bytes bytes = 0, std::int64_t cpu = 0, Bytes ram = 0) {
  return {static_cast<NodeId>(node), std::move(devices), {milli, bytes}, cpu, ram};
}

void take(Cluster& cluster, const NodeHolding& what) { cluster.take(std::span(&what, 1)); }
void give_back(Cluster& cluster, const NodeHolding& what) {
  cluster.give_back(std::span(&what, 1));
}

using Buckets = std::map<int, std::set<std::uint32_t>>;

/// What the index maps and classes must say, worked out node by node.
void check_against_recount(const Cluster& cluster, const std::vector<NodeState>& states) {
  const ClusterSpec& spec = cluster.spec();
  std::vector<Buckets> by_idle(spec.gpu_types.size());
  std::vector<Buckets> by_milli(spec.gpu_types.size());
  std::map<std::uint32_t, std::set<NodeId>> members;
  std::int64_t idle_gpus = 0;
  for (std::size_t n = 0; n < states.size(); ++n) {
    const NodeClass& node_class = cluster.class_of(static_cast<NodeId>(n));
    REQUIRE(node_class.state == states[n]);
    const std::uint32_t slot = node_class.id.slot;
    members[slot].insert(static_cast<NodeId>(n));
    std::map<std::size_t, int> idle;
    const auto& types = spec.shapes[index(spec.nodes[n].shape)].gpus;
    for (std::size_t i = 0; i < types.size(); ++i) {
      const GpuState& gpu = states[n].gpus[i];
      idle[index(types[i])] += gpu.milli_free == kWholeGpu ? 1 : 0;
      idle_gpus += gpu.milli_free == kWholeGpu ? 1 : 0;
      by_milli[index(types[i])][gpu.milli_free].insert(slot);
    }
    for (const auto& [type, count] : idle) by_idle[type][count].insert(slot);
  }
  REQUIRE(cluster.class_count() == members.size());
  for (const auto& [slot, nodes] : members) {
    REQUIRE(cluster.live_classes().contains(slot));
    REQUIRE(cluster.class_at(slot).nodes == nodes);
    REQUIRE(cluster.class_at(slot).first_node() == *nodes.begin());
    REQUIRE(cluster.exists(cluster.class_at(slot).id));
  }
  for (std::size_t type = 0; type < spec.gpu_types.size(); ++type) {
    REQUIRE(cluster.by_idle(static_cast<GpuTypeId>(type)) == by_idle[type]);
    REQUIRE(cluster.by_milli(static_cast<GpuTypeId>(type)) == by_milli[type]);
  }
  REQUIRE(cluster.idle_gpus() == idle_gpus);
}

}  // namespace

TEST_CASE("equal nodes are one class and keep their ids in order") {
  const ClusterSpec spec = cluster_of({{"L4", 2, 3}, {"L4", 4, 1}, {"L4", 2, 2}});
  const Cluster cluster(spec);
  CHECK(cluster.class_count() == 2);
  const NodeClass& pairs = cluster.class_of(NodeId{5});
  CHECK(pairs.nodes == std::set<NodeId>{NodeId{0}, NodeId{1}, NodeId{2}, NodeId{4}, NodeId{5}});
  CHECK(pairs.first_node() == NodeId{0});
  CHECK(cluster.class_of(NodeId{3}).nodes.size() == 1);
  CHECK(cluster.idle_gpus() == 14);
}

TEST_CASE("taking makes a class of its own and giving back returns to the same class") {
  const ClusterSpec spec = cluster_of({{"L4", 2, 3}});
  Cluster cluster(spec);
  const ClassId idle = cluster.class_of(NodeId{0}).id;
  const NodeHolding what = holding(1, {0}, kWholeGpu, 20 * kGiB);
  take(cluster, what);
  CHECK(cluster.class_count() == 2);
  const ClassId busy = cluster.class_of(NodeId{1}).id;
  CHECK_FALSE(busy == idle);
  CHECK(cluster.milli_held() == 1000);
  CHECK(cluster.bytes_held() == 20 * kGiB);
  CHECK(cluster.idle_gpus() == 5);

  give_back(cluster, what);
  CHECK(cluster.class_of(NodeId{1}).id == idle);
  CHECK_FALSE(cluster.exists(busy));
  CHECK_THROWS_AS(cluster.node_class(busy), Fault);
  CHECK(cluster.class_count() == 1);
  CHECK(cluster.milli_held() == 0);
  CHECK(cluster.bytes_held() == 0);
  CHECK(cluster.idle_gpus() == 6);
}

TEST_CASE("a slot that is used again has another generation") {
  const ClusterSpec spec = cluster_of({{"L4", 2}});
  Cluster cluster(spec);
  const ClassId first = cluster.class_of(NodeId{0}).id;
  const NodeHolding what = holding(0, {0});
  take(cluster, what);
  CHECK_FALSE(cluster.exists(first));
  give_back(cluster, what);
  const ClassId again = cluster.class_of(NodeId{0}).id;
  CHECK(cluster.exists(again));
  CHECK_FALSE(again == first);
}

TEST_CASE("which device is taken makes a difference to the class, which node does not") {
  const ClusterSpec spec = cluster_of({{"L4", 2, 4}});
  Cluster cluster(spec);
  take(cluster, holding(0, {0}));
  take(cluster, holding(1, {1}));
  take(cluster, holding(3, {0}));
  CHECK(cluster.class_count() == 3);
  CHECK(cluster.class_of(NodeId{0}).nodes == std::set<NodeId>{NodeId{0}, NodeId{3}});
}

TEST_CASE("more milli than a device has free is a fault") {
  const ClusterSpec spec = cluster_of({{"L4", 2}});
  Cluster cluster(spec);
  take(cluster, holding(0, {0}, 600));
  CHECK_THROWS_AS(take(cluster, holding(0, {0}, 401)), Fault);
  Cluster fresh(spec);
  CHECK_THROWS_AS(take(fresh, holding(0, {0}, 1001)), Fault);
  Cluster twice(spec);
  CHECK_THROWS_AS(take(twice, holding(0, {1, 1}, 501)), Fault);
}

TEST_CASE("more bytes than a device has free is a fault, whatever the milli say") {
  const ClusterSpec spec = cluster_of({{"L4", 1, 1, kNotCounted, kNotCounted, 4 * kGiB}});
  Cluster cluster(spec);
  take(cluster, holding(0, {0}, 1, 15 * kGiB));
  take(cluster, holding(0, {0}, 1, 5 * kGiB));  // 20 of 24 GiB: other processes hold the rest
  CHECK_THROWS_AS(take(cluster, holding(0, {0}, 1, 1)), Fault);
}

TEST_CASE("more CPU or RAM than a node has free is a fault") {
  const ClusterSpec spec = cluster_of({{"L4", 1, 2, 8'000, 64 * kGiB}});
  Cluster cluster(spec);
  take(cluster, holding(0, {}, 0, 0, 8'000, 64 * kGiB));
  CHECK_THROWS_AS(take(cluster, holding(0, {}, 0, 0, 1, 0)), Fault);
  CHECK_THROWS_AS(take(cluster, holding(1, {}, 0, 0, 0, 64 * kGiB + 1)), Fault);
}

TEST_CASE("giving back what was not taken is a fault") {
  const ClusterSpec spec = cluster_of({{"L4", 1, 1, 8'000, 64 * kGiB, kGiB}});
  Cluster milli(spec);
  CHECK_THROWS_AS(give_back(milli, holding(0, {0}, 1)), Fault);
  Cluster bytes(spec);
  CHECK_THROWS_AS(give_back(bytes, holding(0, {0}, 0, 1)), Fault);
  Cluster cpu(spec);
  CHECK_THROWS_AS(give_back(cpu, holding(0, {}, 0, 0, 1, 0)), Fault);
  Cluster ram(spec);
  CHECK_THROWS_AS(give_back(ram, holding(0, {}, 0, 0, 0, 1)), Fault);
}

TEST_CASE("memory that other processes hold is not free, but the device is idle") {
  const ClusterSpec spec = cluster_of({{"L4", 2, 1, kNotCounted, kNotCounted, 3 * kGiB}});
  const Cluster cluster(spec);
  const NodeState& state = cluster.class_of(NodeId{0}).state;
  CHECK(state.gpus[0].bytes_free == 21 * kGiB);
  CHECK(state.gpus[1].idle());
  CHECK(cluster.idle_gpus() == 2);
  CHECK(cluster.bytes_held() == 0);
}

TEST_CASE("the freed nodes since a position are those that got something back, in order") {
  const ClusterSpec spec = cluster_of({{"L4", 2, 3}});
  Cluster cluster(spec);
  const auto start = cluster.freed_position();
  const NodeHolding first = holding(2, {0});
  const NodeHolding second = holding(0, {1});
  take(cluster, first);
  take(cluster, second);
  CHECK(cluster.freed_position() == start);  // taking frees nothing
  give_back(cluster, first);
  const auto between = cluster.freed_position();
  give_back(cluster, second);
  const auto since = [&](std::uint64_t position) {
    const auto nodes = cluster.freed_since(position);
    REQUIRE(nodes.has_value());
    return std::vector<NodeId>(nodes->begin(), nodes->end());
  };
  CHECK(since(start) == std::vector<NodeId>{NodeId{2}, NodeId{0}});
  CHECK(since(between) == std::vector<NodeId>{NodeId{0}});
  CHECK(since(cluster.freed_position()).empty());
}

TEST_CASE("freed nodes of long ago are forgotten and said to be") {
  const ClusterSpec spec = cluster_of({{"L4", 1}});
  Cluster cluster(spec);
  const auto start = cluster.freed_position();
  const NodeHolding what = holding(0, {0});
  for (int i = 0; i < 10'000; ++i) {
    const auto before = cluster.freed_position();
    take(cluster, what);
    give_back(cluster, what);
    REQUIRE(cluster.freed_position() == before + 1);
    REQUIRE(cluster.freed_since(before).has_value());
    REQUIRE(cluster.freed_since(before)->size() == 1);
  }
  CHECK_FALSE(cluster.freed_since(start).has_value());
}

TEST_CASE("classes, indices and sums agree with a recount after random operations") {
  RandomStream random = random_stream(3, "cluster test");
  const auto draw = [&](std::int64_t low, std::int64_t high) {
    return boost::random::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  ClusterSpec spec = cluster_of({{"L4", 2, 3, 8'000, 64 * kGiB},
                                 {"T4", 4, 2, 16'000, 64 * kGiB, kGiB},
                                 {"", 0, 1, 4'000, 8 * kGiB}});
  NodeShape mixed = spec.shapes[0];
  mixed.gpus = {GpuTypeId{0}, GpuTypeId{1}, GpuTypeId{0}};
  spec.nodes.push_back({"mixed", spec.intern_shape(mixed), {}});

  Cluster cluster(spec);
  std::vector<NodeState> states;
  for (std::size_t n = 0; n < spec.nodes.size(); ++n) {
    states.push_back(cluster.class_of(static_cast<NodeId>(n)).state);
  }
  const std::vector<NodeState> fresh = states;
  std::vector<NodeHolding> taken;
  std::int64_t milli = 0;
  Bytes bytes = 0;
  const auto apply = [&](const NodeHolding& what, int sign) {
    NodeState& state = states[index(what.node)];
    for (const int device : what.devices) {
      state.gpus[static_cast<std::size_t>(device)].milli_free -= sign * what.per_gpu.milli;
      state.gpus[static_cast<std::size_t>(device)].bytes_free -= sign * what.per_gpu.bytes;
      milli += sign * what.per_gpu.milli;
      bytes += sign * what.per_gpu.bytes;
    }
    state.cpu_free -= sign * what.cpu_milli;
    state.ram_free -= sign * what.ram;
  };
  for (int step = 0; step < 2000; ++step) {
    const auto node = static_cast<std::uint32_t>(draw(0, std::ssize(spec.nodes) - 1));
    NodeState& state = states[node];
    // Few distinct sizes, so that nodes meet in the same state again.
    NodeHolding what = holding(node, {}, static_cast<int>(draw(1, 4) * 250), draw(0, 2) * kGiB,
                               draw(0, 1) * 1'000, draw(0, 1) * kGiB);
    for (std::size_t i = 0; i < state.gpus.size(); ++i) {
      if (draw(0, 1) == 1 && what.per_gpu.fits(state.gpus[i])) {
        what.devices.push_back(static_cast<int>(i));
      }
    }
    const bool fits = what.cpu_milli <= state.cpu_free && what.ram <= state.ram_free;
    if (fits && draw(0, 2) > 0) {
      take(cluster, what);
      apply(what, +1);
      taken.push_back(what);
    } else if (!taken.empty()) {
      const auto victim = std::next(taken.begin(), draw(0, std::ssize(taken) - 1));
      give_back(cluster, *victim);
      apply(*victim, -1);
      taken.erase(victim);
    }
    check_against_recount(cluster, states);
    REQUIRE(cluster.milli_held() == milli);
    REQUIRE(cluster.bytes_held() == bytes);
  }
  for (const NodeHolding& what : taken) give_back(cluster, what);
  check_against_recount(cluster, fresh);
  CHECK(cluster.milli_held() == 0);
}

TEST_CASE("a node out of service is in no class that a search sees, and comes back as freed") {
  const ClusterSpec spec = cluster_of({{"L4", 2, 3}});
  Cluster cluster(spec);
  take(cluster, holding(1, {0}));
  CHECK(cluster.idle_gpus() == 5);
  const auto position = cluster.freed_position();
  cluster.set_in_service(NodeId{1}, false);
  CHECK_FALSE(cluster.in_service(NodeId{1}));
  CHECK(cluster.class_count() == 1);
  CHECK(cluster.by_idle(GpuTypeId{0}).size() == 1);
  CHECK(cluster.idle_gpus() == 4);
  CHECK(cluster.milli_held() == kWholeGpu);  // what runs there goes on holding
  give_back(cluster, holding(1, {0}));
  CHECK(cluster.milli_held() == 0);
  CHECK(cluster.freed_position() == position);  // room that nobody can use
  const auto version = cluster.version();
  cluster.set_in_service(NodeId{1}, true);
  CHECK(cluster.version() != version);
  CHECK(cluster.class_count() == 1);
  CHECK(cluster.class_of(NodeId{1}).nodes.size() == 3);
  CHECK(cluster.idle_gpus() == 6);
  REQUIRE(cluster.freed_since(position).has_value());
  CHECK(cluster.freed_since(position)->size() == 1);
  cluster.set_in_service(NodeId{1}, true);  // nothing changes
  CHECK(cluster.freed_position() == position + 1);
}
