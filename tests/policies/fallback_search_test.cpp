#include "tests/fixtures.hpp"
#include "tests/policies/decision.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;

namespace {

std::string decision(World& world, const Request& request) {
  return decision(world, *make_policy(world, "fallback-search"), request);
}

}  // namespace

TEST_CASE("the search goes down its ranked plans until one has room") {
  World world(cluster_of({{"RTX-3090", 4, 2}}));
  const Request request = llm_request("a", "gemma-3-27b-it");
  CHECK(decision(world, request) == "TP 4 x PP 1 on n0[0,1,2,3]");
  occupy(world, 0, {1});
  occupy(world, 1, {2});
  CHECK(decision(world, request) == "TP 2 x PP 2 on n0[0,2]+n1[0,1]");
  occupy(world, 1, {0, 1});
  // Four stages hold more of the 16 sequences than three do.
  CHECK(decision(world, request) == "TP 1 x PP 4 on n0[0,2,3]+n1[3]");
  occupy(world, 1, {3});
  CHECK(decision(world, request) == "TP 1 x PP 3 on n0[0,2,3]");
  occupy(world, 0, {0, 2});
  CHECK(decision(world, request) == "not now: no_room");  // one card
}

TEST_CASE("the answer is the best ranked plan among those that have room") {
  World world(cluster_of({{"RTX-3090", 4, 2}, {"A100-80GB", 2}}));
  const Request request = llm_request("a", "meta-llama-3.1-8b");
  const InternedShape& shape = world.intern(request);
  const auto placer = make_policy(world, "fallback-search");
  for (const auto& [node, devices] : std::vector<std::pair<std::uint32_t, std::vector<int>>>{
           {2, {0, 1}}, {0, {0, 1}}, {1, {1}}}) {
    occupy(world, node, devices);
    const auto answer = std::get<Place>(world.ask(*placer, request)).layout;
    RoomSearch search(world.cluster, shape);
    const auto& plans = world.plans.plans(shape);
    const auto best = std::find_if(plans.begin(), plans.end(), [&](const RankedPlan& plan) {
      return PlanSpace::find_room(search, plan).has_value();
    });
    REQUIRE(best != plans.end());
    CHECK(answer.plan == best->plan);
    CHECK(answer.gpu == best->gpu);
  }
}

TEST_CASE("a cheaper type wins where it is worth more per price") {
  GpuType cheap = own_gpu("cheap", 80 * kGiB);
  GpuType dear = own_gpu("dear", 80 * kGiB);
  dear.memory_bandwidth *= 2;
  dear.bf16_rate *= 2;
  dear.price_milli *= 4;
  World world(cluster_of({{"dear", 1}, {"cheap", 1}}, {cheap, dear}));
  const Request request = llm_request("a", "meta-llama-3.1-8b");
  CHECK(decision(world, request) == "TP 1 x PP 1 on n1[0]");
  occupy(world, 1, {0});
  CHECK(decision(world, request) == "TP 1 x PP 1 on n0[0]");
}

TEST_CASE("the search finds room for a shared deployment on a device in use") {
  World world(cluster_of({{"RTX-3090", 2}}));
  Request shared = llm_request("a", "qwen2.5-1.5b");
  llm_of(shared).shared = true;
  llm_of(shared).limits.utilisation_ppm = 300'000;
  const NodeHolding other{NodeId{0}, {1}, {600, 14 * kGiB}};
  world.cluster.take(std::span(&other, 1));
  CHECK(decision(world, shared) == "TP 1 x PP 1 on n0[1]");
}

TEST_CASE("CPU and RAM move the search to other nodes and to other plans") {
  World world(cluster_of({{"RTX-3090", 4, 2, 8'000, 64 * kGiB}}));
  Request request = llm_request("a", "gemma-3-27b-it");
  request.shape.cpu_milli = 8'000;
  CHECK(decision(world, request) == "TP 4 x PP 1 on n0[0,1,2,3]");
  request.shape.cpu_milli = 8'001;  // too much for one node: halves of it fit
  CHECK(decision(world, request) == "TP 2 x PP 2 on n0[0,1]+n1[0,1]");
  request.shape.cpu_milli = 16'001;
  CHECK(decision(world, request) == "not now: no_room");
}

TEST_CASE("the search says which sizes the engine refuses and which plans had no room") {
  World world(cluster_of({{"RTX-3090", 3}}));
  occupy(world, 0, {0});
  std::vector<PassedOver> log;
  const auto placer = make_policy(world, "fallback-search");
  (void)world.ask(*placer, llm_request("a", "gemma-3-27b-it"), &log);
  const auto why = [&](const std::string& what) -> std::string {
    for (const PassedOver& passed : log) {
      if (passed.what == what) return passed.why;
    }
    return "not mentioned";
  };
  CHECK(why("TP 3 on one node of RTX-3090").rfind("vllm.heads", 0) == 0);
  CHECK(why("TP 1 on one node of RTX-3090").rfind("vllm.no-cache-memory", 0) == 0);
  CHECK(why("TP 1 x PP 3 on one node of RTX-3090") == "no room now");
}
