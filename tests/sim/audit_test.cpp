// What a failed try means: incompatible, no capacity, or missed by the policy.

#include "sim/run/audit.hpp"

#include "tests/fixtures.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

FunctionPlacer lazy() {
  return FunctionPlacer(
      [](const PlacementRequest&, const Cluster&) -> Decision { return NotNow{"tired"}; });
}

FunctionPlacer final_no() {
  return FunctionPlacer(
      [](const PlacementRequest&, const Cluster&) -> Decision { return Never{"unwilling"}; });
}

Outcome judge(World& world, const Request& request) {
  return Audit(world.plans).judge(world.cluster, world.intern(request));
}

}  // namespace

TEST_CASE("a model that no plan on the empty cluster can hold is incompatible") {
  World world(cluster_of({{"RTX-3090", 2}}));
  CHECK(judge(world, llm_request("a", "gemma-3-27b-it")) == Outcome::rejected_incompatible);
  CHECK(run(world, "fallback-search", {llm_request("a", "gemma-3-27b-it")}).ending("a") ==
        "rejected/incompatible: no_valid_plan");
}

TEST_CASE("a model that only lacks free GPUs lacks capacity") {
  World world(cluster_of({{"RTX-3090", 3}}));
  const Request request = llm_request("a", "gemma-3-27b-it", 1);
  CHECK(judge(world, request) == Outcome::rejected_policy_missed);
  const NodeHolding one{NodeId{0}, {1}, {kWholeGpu, kGiB}};
  world.cluster.take(std::span(&one, 1));
  CHECK(judge(world, request) == Outcome::rejected_no_capacity);
  const auto recorder =
      run(world, "fallback-search", {opaque_request("task", 1, 0, 10'000), request});
  CHECK(recorder.ending("a") == "rejected/no_capacity: no_room (timeout)");
}

TEST_CASE("room that a policy does not offer is missed by it") {
  World world(cluster_of({{"RTX-3090", 3}}));
  auto placer = lazy();
  CHECK(run(world, placer, {llm_request("a", "gemma-3-27b-it")}).ending("a") ==
        "rejected/policy_missed: tired (timeout)");
  auto unwilling = final_no();
  const auto recorder = run(world, unwilling, {opaque_request("b", 3)});
  CHECK(recorder.ending("b") == "rejected/policy_missed: unwilling");
  CHECK(recorder.end == at(0));  // a final no does not wait
}

TEST_CASE("the judgement is of the last try, not of the end of the wait") {
  // The GPU that was free at the last try is taken afterwards; nothing is freed until the limit.
  World world(cluster_of({{"L4", 1}}));
  FunctionPlacer picky([](const PlacementRequest& request, const Cluster& cluster) -> Decision {
    if (request.shape.shape.cpu_milli > 0) return NotNow{"picky"};
    RoomSearch search(cluster, request.shape);
    const auto part = search.on_one_node(GpuTypeId{0}, 1);
    if (!part) return NotNow{"no_room"};
    return Place{{GpuTypeId{0}, {}, {*part}}, "fits"};
  });
  Request first = opaque_request("first", 1, 0);
  first.shape.cpu_milli = 1;
  const auto recorder = run(world, picky, {first, opaque_request("second", 1, 10, 100'000)});
  CHECK(recorder.ending("first") == "rejected/policy_missed: picky (timeout)");
}

TEST_CASE("a model of sizes that the request does not allow is incompatible") {
  World world(cluster_of({{"A100-80GB", 2}, {"L4", 8}}));
  Request request = llm_request("a", "gemma-3-27b-it");
  CHECK(judge(world, request) == Outcome::rejected_policy_missed);
  llm_of(request).allowed_tp = {3};
  CHECK(judge(world, request) == Outcome::rejected_incompatible);
  llm_of(request).allowed_tp = {};
  request.shape.allowed_gpus = {"H100-80GB"};
  CHECK(judge(world, request) == Outcome::rejected_incompatible);
}

TEST_CASE("memory that other processes hold is missing on the empty cluster too") {
  World world(cluster_of({{"L4", 1, 1, kNotCounted, kNotCounted, 3 * kGiB}}));
  Request request = llm_request("a", "qwen2.5-1.5b");
  CHECK(judge(world, request) == Outcome::rejected_incompatible);  // U = 0.92 of 24 GiB
  llm_of(request).limits.utilisation_ppm = 870'000;
  CHECK(judge(world, request) == Outcome::rejected_policy_missed);
}

TEST_CASE("CPU and RAM count: too much for any node is incompatible, too much now is capacity") {
  World world(cluster_of({{"L4", 2, 1, 8'000, 16 * kGiB}}));
  Request request = opaque_request("a", 1);
  request.shape.cpu_milli = 8'001;
  CHECK(judge(world, request) == Outcome::rejected_incompatible);
  request.shape.cpu_milli = 8'000;
  CHECK(judge(world, request) == Outcome::rejected_policy_missed);
  const NodeHolding cpu{NodeId{0}, {}, {}, 1, 0};
  world.cluster.take(std::span(&cpu, 1));
  CHECK(judge(world, request) == Outcome::rejected_no_capacity);
}

TEST_CASE("opaque tasks are judged like deployments") {
  World world(cluster_of({{"L4", 2, 2}, {"", 0, 1, 4'000}}));
  CHECK(judge(world, opaque_request("a", 5)) == Outcome::rejected_incompatible);
  CHECK(judge(world, opaque_request("b", 4)) == Outcome::rejected_policy_missed);
  CHECK(judge(world, opaque_request("c", 0)) == Outcome::rejected_policy_missed);
  const NodeHolding half{NodeId{0}, {0}, {500, 12 * kGiB}};
  world.cluster.take(std::span(&half, 1));
  CHECK(judge(world, opaque_request("b", 4)) == Outcome::rejected_no_capacity);
  CHECK(judge(world, opaque_request("d", 1, 0, 1, 500)) == Outcome::rejected_policy_missed);
}

TEST_CASE("without the audit a rejection is unclassified") {
  World world(cluster_of({{"RTX-3090", 2}}));
  RunSetup setup;
  setup.simulation.audit = false;
  const auto recorder = run(world, "fallback-search",
                            {llm_request("a", "gemma-3-27b-it"), opaque_request("b", 2, 0, 10'000),
                             opaque_request("c", 1, 1)},
                            setup);
  CHECK(recorder.ending("a") == "rejected/unclassified: no_valid_plan");
  CHECK(recorder.ending("c") == "rejected/unclassified: no_room (timeout)");
}

TEST_CASE("every outcome has a name of its own") {
  std::map<std::string_view, int> names;
  for (const Outcome outcome : all_outcomes()) ++names[outcome_name(outcome)];
  CHECK(names.size() == kOutcomeCount);
  CHECK(is_served(Outcome::placed));
  CHECK(is_served(Outcome::placed_degraded));
  CHECK_FALSE(is_served(Outcome::refused_by_engine));
  CHECK_FALSE(is_served(Outcome::waiting));
}
