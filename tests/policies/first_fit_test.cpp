#include "tests/fixtures.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

std::string decision(World& world, const Request& request) {
  const auto placer = make_policy(world, "first-fit");
  const Decision answer = world.ask(*placer, request);
  if (const auto* not_now = std::get_if<NotNow>(&answer)) return "not now: " + not_now->reason;
  if (const auto* never = std::get_if<Never>(&answer)) return "never: " + never->reason;
  Placement placement;
  placement.holdings = world.take(request, std::get<Place>(answer).layout);
  world.cluster.give_back(placement.holdings);
  return where(placement);
}

void occupy(World& world, std::uint32_t node, std::vector<int> devices, int milli = kWholeGpu) {
  const NodeHolding what{static_cast<NodeId>(node), std::move(devices), {milli, kGiB}};
  world.cluster.take(std::span(&what, 1));
}

}  // namespace

TEST_CASE("first-fit takes the node with the lowest id, whatever its type and how empty it is") {
  World world(cluster_of({{"T4", 2}, {"L4", 4}, {"T4", 4}}));
  CHECK(decision(world, opaque_request("t", 1)) == "n0[0]");
  CHECK(decision(world, opaque_request("t", 3)) == "n1[0,1,2]");
  occupy(world, 1, {0, 2});
  CHECK(decision(world, opaque_request("t", 2)) == "n0[0,1]");
  CHECK(decision(world, opaque_request("t", 3)) == "n2[0,1,2]");
  occupy(world, 0, {0});
  CHECK(decision(world, opaque_request("t", 2)) == "n1[1,3]");
}

TEST_CASE("first-fit keeps to the types that a task allows") {
  World world(cluster_of({{"T4", 2}, {"L4", 2}}));
  Request task = opaque_request("t", 1);
  task.shape.allowed_gpus = {"L4"};
  CHECK(decision(world, task) == "n1[0]");
  task.shape.allowed_gpus = {"A10"};
  CHECK(decision(world, task) == "never: cluster_too_small");
}

TEST_CASE("first-fit puts shares beside each other") {
  World world(cluster_of({{"L4", 2}}));
  const auto placer = make_policy(world, "first-fit");
  for (const std::string expected : {"n0[0]", "n0[0]", "n0[1]", "n0[1]"}) {
    const Request task = opaque_request("t", 1, 0, 1, 500);
    Placement placement;
    placement.holdings = world.take(task, std::get<Place>(world.ask(*placer, task)).layout);
    CHECK(where(placement) == expected);
  }
  CHECK(decision(world, opaque_request("t", 1, 0, 1, 1)) == "not now: no_room");
}

TEST_CASE("a share does not fit where the memory is taken, whatever the milli") {
  World world(cluster_of({{"L4", 1, 1, kNotCounted, kNotCounted, 13 * kGiB}, {"L4", 1}}));
  CHECK(decision(world, opaque_request("t", 1, 0, 1, 500)) == "n1[0]");
  CHECK(decision(world, opaque_request("t", 1, 0, 1, 400)) == "n0[0]");
}

TEST_CASE("tasks without GPUs go on the first node with the CPU and RAM") {
  World world(cluster_of({{"L4", 1, 1, 4'000, 8 * kGiB}, {"", 0, 1, 64'000, 256 * kGiB}}));
  Request task = opaque_request("t", 0);
  task.shape.cpu_milli = 4'000;
  task.shape.ram = 8 * kGiB;
  CHECK(decision(world, task) == "n0[]");
  task.shape.cpu_milli = 4'001;
  CHECK(decision(world, task) == "n1[]");
  task.shape.ram = 257 * kGiB;
  CHECK(decision(world, task) == "not now: no_room");
}

TEST_CASE("tasks larger than a node go on as few nodes as can be") {
  World world(cluster_of({{"L4", 4, 2}, {"L4", 2, 2}}));
  CHECK(decision(world, opaque_request("t", 4)) == "n0[0,1,2,3]");
  CHECK(decision(world, opaque_request("t", 6)) == "n0[0,1,2,3]+n2[0,1]");
  CHECK(decision(world, opaque_request("t", 12)) == "n0[0,1,2,3]+n1[0,1,2,3]+n2[0,1]+n3[0,1]");
  CHECK(decision(world, opaque_request("t", 13)) == "never: cluster_too_small");
  occupy(world, 3, {0});
  CHECK(decision(world, opaque_request("t", 12)) == "not now: no_room");
}

TEST_CASE("CPU and RAM of a task go with its GPUs") {
  World world(cluster_of({{"L4", 4, 1, 8'000}, {"L4", 4, 1, 16'000}}));
  Request task = opaque_request("t", 2);
  task.shape.cpu_milli = 8'001;
  CHECK(decision(world, task) == "n1[0,1]");
  Request large = opaque_request("t", 6);
  large.shape.cpu_milli = 12'000;  // 2 a GPU
  CHECK(decision(world, large) == "n0[0,1,2,3]+n1[0,1]");
  large.shape.cpu_milli = 13'000;  // too much for four on the first node
  CHECK(decision(world, large) == "n1[0,1,2,3]+n0[0,1]");
}
