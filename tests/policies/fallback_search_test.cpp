#include "tests/fixtures.hpp"
#include "tests/policies/decision.hpp"
#include "tests/policies/made_up_plans.hpp"

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

TEST_CASE("the search says why it passed over each plan, with the figures") {
  World world(cluster_of({{"RTX-3090", 3}}));
  std::vector<PassedOver> log;
  const auto placer = make_policy(world, "fallback-search");
  const auto about = [&](const std::string& what) -> PassedOver {
    for (const PassedOver& passed : log) {
      if (passed.what == what) return passed;
    }
    FAIL("not mentioned: " << what);
    return {};
  };
  (void)world.ask(*placer, llm_request("a", "gemma-3-27b-it"), &log);
  CHECK(about("TP 3 x PP 1 on one node of RTX-3090").rule == "vllm.heads");
  CHECK(about("TP 3 x PP 1 on one node of RTX-3090").short_bytes == 0);
  const PassedOver alone = about("TP 1 x PP 1 on one node of RTX-3090");
  CHECK(alone.rule == "vllm.no-cache-memory");
  // 51.1 GiB of weights and 4.4 GiB for a sequence and the rest, on 22.08 GiB.
  CHECK(alone.short_bytes > 29 * kGiB);
  CHECK(alone.short_bytes < 34 * kGiB);

  occupy(world, 0, {0});
  log.clear();
  (void)world.ask(*placer, llm_request("a", "gemma-3-27b-it"), &log);
  const PassedOver full = about("TP 1 x PP 3 on one node of RTX-3090");
  CHECK(full.rule == "no_room");
  // Nothing is free of the third card.
  CHECK(full.short_bytes == requested_bytes(world.spec.gpu_types[0].memory, 920'000));

  World two_nodes(cluster_of({{"RTX-3090", 3, 2}}));
  log.clear();
  (void)two_nodes.ask(*make_policy(two_nodes, "fallback-search"),
                      llm_request("a", "gemma-3-27b-it"), &log);
  CHECK(about("TP 1 x PP 3 on several nodes of RTX-3090").rule == "worse");
}

TEST_CASE("a plan behind the chosen one is worse by its share of the worth") {
  MadeUp made({{"small", 2}}, {{{1, 1}, 100}, {{2, 1}, 90}});
  std::vector<PassedOver> log;
  (void)made.world.ask(*make_policy(made.world, "fallback-search"), MadeUp::request(), &log);
  REQUIRE_FALSE(log.empty());
  CHECK(log.back().what == "TP 2 x PP 1 on one node of small");
  CHECK(log.back().worse_ppm == 100'000);
  CHECK(log.back().why == "worth 10.0 % less");
}

TEST_CASE("reasons under a degradation name it") {
  World world(cluster_of({{"RTX-3090", 1}}));
  Request request = llm_request("a", "qwen3-14b");
  LlmDeployment& llm = llm_of(request);
  llm.degradations =
      require_value(parse_degradations({"context=1024", "checkpoint=fp8"}, *llm.model, llm.limits));
  std::vector<PassedOver> log;
  const auto placer = make_policy(world, "fallback-search");
  const Decision answer = world.ask(*placer, request, &log);
  CHECK(std::get<Place>(answer).why.find("degraded: checkpoint=fp8") != std::string::npos);
  REQUIRE(log.size() == 2);
  CHECK(log[0].what == "TP 1 x PP 1 on one node of RTX-3090");
  CHECK(log[1].what == "context=1024: TP 1 x PP 1 on one node of RTX-3090");
  CHECK(log[1].rule == "vllm.no-cache-memory");
}
