// Where a plan is put: best fit, lowest ids, several nodes, shares, CPU and RAM.

#include "sim/plan/room.hpp"

#include "sim/plan/holding.hpp"
#include "sim/run/legality.hpp"
#include "tests/fixtures.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr GpuTypeId kType{0};

/// Whole devices of one node, taken.
void occupy(World& world, std::uint32_t node, std::vector<int> devices, int milli = kWholeGpu,
            Bytes bytes = kGiB) {
  const NodeHolding what{static_cast<NodeId>(node), std::move(devices), {milli, bytes}};
  world.cluster.take(std::span(&what, 1));
}

std::string text(const World& world, const std::vector<PlacementPart>& parts) {
  std::vector<std::string> out;
  std::map<ClassId, std::set<NodeId>::const_iterator> next;
  for (const auto& part : parts) {
    const auto& nodes = world.cluster.node_class(part.node_class).nodes;
    auto& node = next.try_emplace(part.node_class, nodes.begin()).first->second;
    for (int i = 0; i < part.nodes; ++i, ++node) {
      out.push_back(fmt::format("n{}[{}]", index(*node), fmt::join(part.devices, ",")));
    }
  }
  return fmt::format("{}", fmt::join(out, "+"));
}

std::string one_node(World& world, const Request& request, int gpus) {
  RoomSearch search(world.cluster, world.intern(request));
  const auto part = search.on_one_node(kType, gpus);
  return part ? text(world, {*part}) : "none";
}

std::string groups(World& world, const Request& request, ParallelPlan plan) {
  RoomSearch search(world.cluster, world.intern(request));
  const auto parts = search.for_groups(kType, plan);
  return parts ? text(world, *parts) : "none";
}

std::string equal_nodes(World& world, const Request& request, int per_node, int nodes) {
  RoomSearch search(world.cluster, world.intern(request));
  const auto parts = search.on_equal_nodes(kType, per_node, nodes);
  return parts ? text(world, *parts) : "none";
}

const Request& any_llm() {
  static const Request request = llm_request("a", "qwen3-4b");
  return request;
}

}  // namespace

TEST_CASE("the node with the fewest idle devices that is enough is taken, then the lowest id") {
  World world(cluster_of({{"L4", 4, 4}}));
  occupy(world, 1, {0});
  occupy(world, 2, {0, 1});
  occupy(world, 3, {2, 3});
  CHECK(one_node(world, any_llm(), 1) == "n2[2]");
  CHECK(one_node(world, any_llm(), 2) == "n2[2,3]");
  CHECK(one_node(world, any_llm(), 3) == "n1[1,2,3]");
  CHECK(one_node(world, any_llm(), 4) == "n0[0,1,2,3]");
  CHECK(one_node(world, any_llm(), 5) == "none");
  occupy(world, 2, {2, 3});
  CHECK(one_node(world, any_llm(), 2) == "n3[0,1]");
}

TEST_CASE("a device that other processes fill is idle but of no use") {
  World world(cluster_of({{"L4", 2, 1, kNotCounted, kNotCounted, 3 * kGiB}, {"L4", 4, 1}}));
  CHECK(one_node(world, any_llm(), 2) == "n1[0,1]");
  Request small = any_llm();
  llm_of(small).limits.utilisation_ppm = 500'000;
  CHECK(one_node(world, small, 2) == "n0[0,1]");
}

TEST_CASE("a whole deployment does not go on a device of which a part is taken") {
  World world(cluster_of({{"L4", 2}}));
  occupy(world, 0, {0}, 1, 0);
  CHECK(one_node(world, any_llm(), 1) == "n0[1]");
  CHECK(one_node(world, any_llm(), 2) == "none");
}

TEST_CASE("a shared deployment goes on the device with the least free share that is enough") {
  World world(cluster_of({{"L4", 2, 2}}));
  occupy(world, 0, {1}, 300, 7 * kGiB);
  occupy(world, 1, {0}, 500, 12 * kGiB);
  Request shared = any_llm();
  llm_of(shared).shared = true;
  llm_of(shared).limits.utilisation_ppm = 400'000;
  CHECK(gpu_holding(shared.shape, 24 * kGiB).milli == 400);
  CHECK(one_node(world, shared, 1) == "n1[0]");
  CHECK(one_node(world, shared, 2) == "n1[0,1]");
  llm_of(shared).limits.utilisation_ppm = 600'000;
  CHECK(one_node(world, shared, 1) == "n0[1]");
  llm_of(shared).limits.utilisation_ppm = 800'000;
  CHECK(one_node(world, shared, 1) == "n0[0]");
}

TEST_CASE("for a shared deployment the bytes decide, not only the milli") {
  World world(cluster_of({{"L4", 1, 2}}));
  occupy(world, 0, {0}, 1, 20 * kGiB);  // nearly all milli, few bytes
  Request shared = any_llm();
  llm_of(shared).shared = true;
  llm_of(shared).limits.utilisation_ppm = 400'000;
  CHECK(one_node(world, shared, 1) == "n1[0]");
}

TEST_CASE("CPU and RAM of a node limit what it takes") {
  World world(cluster_of({{"L4", 2, 1, 4'000, 64 * kGiB},
                          {"L4", 4, 1, 8'000, 8 * kGiB},
                          {"L4", 4, 1, 8'000, 64 * kGiB}}));
  Request request = any_llm();
  request.shape.cpu_milli = 4'000;
  CHECK(one_node(world, request, 2) == "n0[0,1]");
  request.shape.cpu_milli = 4'001;
  CHECK(one_node(world, request, 2) == "n1[0,1]");
  request.shape.ram = 9 * kGiB;
  CHECK(one_node(world, request, 2) == "n2[0,1]");
  request.shape.cpu_milli = 8'001;
  CHECK(one_node(world, request, 2) == "none");
  CHECK(groups(world, request, {1, 2}) == "n1[0]+n2[0]");  // half of it on each
}

TEST_CASE("equal nodes are the tightest ones, lowest ids first") {
  World world(cluster_of({{"L4", 4, 5}}));
  occupy(world, 1, {0, 1});
  occupy(world, 3, {0, 1});
  CHECK(equal_nodes(world, any_llm(), 2, 2) == "n1[2,3]+n3[2,3]");
  CHECK(equal_nodes(world, any_llm(), 2, 4) == "n1[2,3]+n3[2,3]+n0[0,1]+n2[0,1]");
  CHECK(equal_nodes(world, any_llm(), 4, 3) == "n0[0,1,2,3]+n2[0,1,2,3]+n4[0,1,2,3]");
  CHECK(equal_nodes(world, any_llm(), 4, 4) == "none");
  CHECK(equal_nodes(world, any_llm(), 1, 6) == "none");
}

TEST_CASE("groups go on as few nodes as can be, the last on a best fit") {
  World world(cluster_of({{"L4", 4, 3}, {"L4", 2, 2}}));
  CHECK(groups(world, any_llm(), {2, 2}) == "n0[0,1,2,3]");
  CHECK(groups(world, any_llm(), {2, 3}) == "n0[0,1,2,3]+n3[0,1]");
  CHECK(groups(world, any_llm(), {1, 7}) == "n0[0,1,2,3]+n1[0,1,2]");
  CHECK(groups(world, any_llm(), {4, 3}) == "n0[0,1,2,3]+n1[0,1,2,3]+n2[0,1,2,3]");
  CHECK(groups(world, any_llm(), {4, 4}) == "none");
  CHECK(groups(world, any_llm(), {2, 8}) == "n0[0,1,2,3]+n1[0,1,2,3]+n2[0,1,2,3]+n3[0,1]+n4[0,1]");
  CHECK(groups(world, any_llm(), {2, 9}) == "none");
  CHECK(groups(world, any_llm(), {1, 16}) != "none");
}

TEST_CASE("a group of devices stays inside one node") {
  World world(cluster_of({{"L4", 3, 4}}));
  // Twelve devices are free, but only one pair in each node.
  CHECK(groups(world, any_llm(), {2, 4}) == "n0[0,1]+n1[0,1]+n2[0,1]+n3[0,1]");
  CHECK(groups(world, any_llm(), {2, 5}) == "none");
}

TEST_CASE("a CPU task takes the node with the fewest GPUs that has room, then the lowest id") {
  World world(
      cluster_of({{"L4", 4, 1, 64'000}, {"", 0, 2, 4'000, 8 * kGiB}, {"L4", 1, 1, 64'000}}));
  const auto place = [&](std::int64_t cpu) {
    Request task = opaque_request("cpu", 0);
    task.shape.cpu_milli = cpu;
    const auto part = RoomSearch(world.cluster, world.intern(task)).without_gpus();
    return part ? text(world, {*part}) : "none";
  };
  CHECK(place(4'000) == "n1[]");
  CHECK(place(4'001) == "n3[]");
  CHECK(place(64'001) == "none");
  const NodeHolding all{NodeId{1}, {}, {}, 1'000, 0};
  world.cluster.take(std::span(&all, 1));
  CHECK(place(4'000) == "n2[]");
  CHECK(place(2'000) == "n1[]");
}

TEST_CASE("a search that knows the freed nodes finds what a search everywhere finds") {
  World world(cluster_of({{"L4", 2, 4}}));
  for (std::uint32_t node = 0; node < 4; ++node) occupy(world, node, {0, 1});
  const InternedShape& shape = world.intern(any_llm());
  REQUIRE_FALSE(RoomSearch(world.cluster, shape).on_one_node(kType, 1).has_value());
  const auto position = world.cluster.freed_position();
  for (const std::uint32_t node : {3U, 1U}) {
    const NodeHolding what{static_cast<NodeId>(node), {1}, {kWholeGpu, kGiB}};
    world.cluster.give_back(std::span(&what, 1));
  }
  RoomSearch search(world.cluster, shape, world.cluster.freed_since(position));
  const auto part = search.on_one_node(kType, 1);
  REQUIRE(part.has_value());
  CHECK(text(world, {*part}) == "n1[1]");
  CHECK(search.for_groups(kType, {1, 2}).has_value());
  CHECK_FALSE(search.on_one_node(kType, 2).has_value());
}

TEST_CASE("holdings are worked out in whole bytes and milli") {
  const Request& whole = any_llm();
  CHECK(gpu_holding(whole.shape, 24 * kGiB) == GpuHolding{1000, 23'708'219'474});
  Request shared = any_llm();
  llm_of(shared).shared = true;
  CHECK(gpu_holding(shared.shape, 24 * kGiB) == GpuHolding{920, 23'708'219'474});
  llm_of(shared).limits.utilisation_ppm = 100;
  CHECK(gpu_holding(shared.shape, 24 * kGiB).milli == 1);  // at least one
  CHECK(gpu_holding(opaque_request("t", 1, 0, 1, 333).shape, 1001) == GpuHolding{333, 333});
  CHECK(gpu_holding(opaque_request("t", 2).shape, 24 * kGiB) == GpuHolding{1000, 24 * kGiB});
}

TEST_CASE("parts of a node's CPU and RAM are rounded up and add up to at least the whole") {
  CHECK(node_part(10, 1, 3) == 4);
  CHECK(node_part(10, 2, 3) == 7);
  CHECK(node_part(10, 3, 3) == 10);
  CHECK(node_part(10, 0, 0) == 10);
  CHECK(node_part(0, 1, 3) == 0);
}
