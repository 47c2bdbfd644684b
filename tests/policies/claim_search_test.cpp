// naive and head-aware: which sizes they try, in which order.

#include "policies/parts/claim_search.hpp"

#include "policies/registry.hpp"
#include "tests/fixtures.hpp"
#include "tests/policies/decision.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;

namespace {

std::string decision(World& world, const std::string& policy, const Request& request) {
  return decision(world, *make_policy(world, policy), request);
}

}  // namespace

TEST_CASE("the claim is 1.2 times the weights and 2 GiB, rounded down") {
  const auto model = require_value(find_model("meta-llama-3.1-8b"));
  REQUIRE(weight_bytes(*model) == 16'060'522'496);
  CHECK(weight_claim(*model) == 19'272'626'995 + 2 * kGiB);  // 19,272,626,995.2
}

TEST_CASE("naive takes the fewest GPUs whose usable memory holds the claim") {
  // 64 GiB of weights: a claim of 78.9 GiB. U = 0.92 of 24 GiB is 22.08 GiB: four cards.
  World world(cluster_of({{"RTX-3090", 8}}));
  CHECK(decision(world, "naive", llm_request("a", "yi-34b")) == "TP 4 x PP 1 on n0[0,1,2,3]");
  Request more = llm_request("a", "yi-34b");
  llm_of(more).limits.utilisation_ppm = 500'000;
  CHECK(decision(world, "naive", more) == "TP 7 x PP 1 on n0[0,1,2,3,4,5,6]");
}

TEST_CASE("on one node first, then on several: fewest nodes, then fewest GPUs") {
  World world(cluster_of({{"RTX-3090", 4, 3}}));
  const Request request = llm_request("a", "yi-34b");
  CHECK(decision(world, "naive", request) == "TP 4 x PP 1 on n0[0,1,2,3]");
  for (std::uint32_t node = 0; node < 3; ++node) occupy(world, node, {0});
  CHECK(decision(world, "naive", request) == "TP 2 x PP 2 on n0[1,2]+n1[1,2]");
  for (std::uint32_t node = 0; node < 3; ++node) occupy(world, node, {1, 2});
  CHECK(decision(world, "naive", request) == "not now: no_room");  // four nodes would do
}

TEST_CASE("head-aware leaves out the sizes that do not divide the heads") {
  // 56 heads. U = 0.6 of 24 GiB is 14.4 GiB: six cards, on nodes of four.
  World world(cluster_of({{"RTX-3090", 4, 3}}));
  Request request = llm_request("a", "yi-34b");
  llm_of(request).limits.utilisation_ppm = 600'000;
  CHECK(decision(world, "naive", request) == "TP 3 x PP 2 on n0[0,1,2]+n1[0,1,2]");
  CHECK(decision(world, "head-aware", request) == "TP 4 x PP 2 on n0[0,1,2,3]+n1[0,1,2,3]");
}

TEST_CASE("of two types that need as many GPUs the one with less memory goes first") {
  World world(cluster_of({{"A100-80GB", 2}, {"RTX-3090", 2}}));
  const Request request = llm_request("a", "qwen3-4b");
  CHECK(decision(world, "naive", request) == "TP 1 x PP 1 on n1[0]");
  occupy(world, 1, {0, 1});
  CHECK(decision(world, "naive", request) == "TP 1 x PP 1 on n0[0]");
}

TEST_CASE("fewer GPUs of a large type go before more of a small one") {
  World world(cluster_of({{"RTX-3090", 4}, {"A100-80GB", 2}}));
  CHECK(decision(world, "naive", llm_request("a", "qwen2.5-14b")) == "TP 1 x PP 1 on n1[0]");
}

TEST_CASE("a shared deployment goes beside others on a device") {
  World world(cluster_of({{"RTX-3090", 2}}));
  Request shared = llm_request("a", "qwen2.5-0.5b");
  llm_of(shared).shared = true;
  llm_of(shared).limits.utilisation_ppm = 300'000;
  const auto naive = make_policy(world, "naive");
  for (const std::string expected : {"n0[0]", "n0[0]", "n0[0]", "n0[1]"}) {
    const Decision answer = world.ask(*naive, shared);
    Placement placement;
    placement.holdings = world.take(shared, std::get<Place>(answer).layout);
    CHECK(where(placement) == expected);
  }
}

TEST_CASE("every policy keeps to the sizes that a request allows") {
  World world(cluster_of({{"A100-80GB", 8, 2}}));
  for (const std::string policy : {"naive", "head-aware", "fallback-search"}) {
    INFO(policy);
    Request request = llm_request("a", "qwen3-8b");
    llm_of(request).allowed_tp = {4};
    CHECK(decision(world, policy, request) == "TP 4 x PP 1 on n0[0,1,2,3]");
    llm_of(request).allowed_tp = {16};
    CHECK(decision(world, policy, request).rfind("never: ", 0) == 0);
  }
}

TEST_CASE("every policy keeps to the types that a request allows") {
  World world(cluster_of({{"RTX-3090", 4}, {"A100-80GB", 2}, {"L4", 4}}));
  for (const std::string policy : {"naive", "head-aware", "fallback-search"}) {
    INFO(policy);
    Request request = llm_request("a", "qwen3-4b");
    request.shape.allowed_gpus = {"L4"};
    CHECK(decision(world, policy, request) == "TP 1 x PP 1 on n2[0]");
    request.shape.allowed_gpus = {"H100-80GB"};
    CHECK(decision(world, policy, request).rfind("never: ", 0) == 0);
  }
}

TEST_CASE("what no cluster of this size holds is rejected for good") {
  World world(cluster_of({{"L4", 1}}));
  CHECK(decision(world, "naive", llm_request("a", "meta-llama-3.1-405b")) ==
        "never: cluster_too_small");
  CHECK(decision(world, "fallback-search", llm_request("a", "meta-llama-3.1-405b")) ==
        "never: no_valid_plan");
}

TEST_CASE("a claim beyond the plan limits is told from a cluster that is too small") {
  // The claim is 976 GB: 71 GPUs at 0.8 of 16 GiB, over the limit of 64 however many there are.
  World world(cluster_of({{"V100M16", 8}}));
  Request request = llm_request("a", "meta-llama-3.1-405b");
  llm_of(request).limits.utilisation_ppm = 800'000;
  CHECK(decision(world, "naive", request) == "never: beyond_plan_limits");
}

TEST_CASE("sizes that were passed over are explained by the engine's rule") {
  World world(cluster_of({{"RTX-3090", 4}}));
  std::vector<PassedOver> log;
  const auto head_aware = make_policy(world, "head-aware");
  (void)world.ask(*head_aware, llm_request("a", "gemma-3-27b-it"), &log);
  const auto three = std::find_if(log.begin(), log.end(), [](const PassedOver& passed) {
    return passed.what == "TP 3 on one node of RTX-3090";
  });
  REQUIRE(three != log.end());
  CHECK(three->why.rfind("vllm.heads: 32 attention heads do not split over tensor parallel size 3",
                         0) == 0);
}

TEST_CASE("a wrong option of a policy is an error that names what is allowed") {
  World world(cluster_of({{"L4", 1}}));
  const auto config = require_value(ConfigTable::parse("head_keys = 'rot'", "scenario.toml"));
  const auto placer = require_value(find_policy("head-aware"))->make(world.context(), config);
  REQUIRE_FALSE(config.status().has_value());
  CHECK(config.status().error().text().find("all, root") != std::string::npos);
}
