// Classical policies over the sizes that head-aware accepts.

#include "tests/policies/decision.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

std::string decided(World& world, const std::string& policy, const Request& request) {
  const auto placer = make_policy(world, policy);
  return decision(world, *placer, request);
}

}  // namespace

TEST_CASE("with heads a policy takes head-aware's size and its own node") {
  // gemma-3-27b-it needs three of these by memory alone, and has 32 heads: TP 4.
  World world(cluster_of({{"RTX-3090", 8}, {"RTX-3090", 4}, {"RTX-3090", 8}}));
  occupy(world, 2, {0});
  const Request gemma = llm_request("g", "gemma-3-27b-it");
  CHECK(decided(world, "head-aware", gemma) == "TP 4 x PP 1 on n1[0,1,2,3]");
  CHECK(decided(world, "first-fit+heads", gemma) == "TP 4 x PP 1 on n0[0,1,2,3]");
  CHECK(decided(world, "best-fit+heads", gemma) == "TP 4 x PP 1 on n1[0,1,2,3]");
  CHECK(decided(world, "worst-fit+heads", gemma) == "TP 4 x PP 1 on n0[0,1,2,3]");
  CHECK(decided(world, "gpu-packing+heads", gemma) == "TP 4 x PP 1 on n2[1,2,3,4]");
  CHECK(decided(world, "buddy+heads", gemma) == "TP 4 x PP 1 on n1[0,1,2,3]");
}

TEST_CASE("of GPU types that need as many GPUs the policy chooses") {
  World world(cluster_of({{"L4", 8}, {"RTX-3090", 2}}));
  const Request small = llm_request("s", "qwen2.5-0.5b");
  CHECK(decided(world, "head-aware", small) == "TP 1 x PP 1 on n0[0]");
  CHECK(decided(world, "best-fit+heads", small) == "TP 1 x PP 1 on n1[0]");
  CHECK(decided(world, "worst-fit+heads", small) == "TP 1 x PP 1 on n0[0]");
}

TEST_CASE("with heads a policy goes over several nodes as head-aware does, and refuses as it") {
  World world(cluster_of({{"RTX-3090", 2, 2}}));
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"gemma-3-27b-it", "TP 2 x PP 2 on n0[0,1]+n1[0,1]"},
      {"qwen2.5-72b", "never: cluster_too_small"}};
  for (const auto& [model, decision_text] : expected) {
    const Request request = llm_request("r", model);
    for (const std::string policy :
         {"head-aware", "fgd+heads", "random+heads", "buddy+heads", "fgd-heads"}) {
      INFO(policy);
      CHECK(decided(world, policy, request) == decision_text);
    }
  }
}

TEST_CASE("shared deployments go by bytes, others' memory and nodes out of service count") {
  // 0.4 of 24 GiB is 9.6 GiB: two beside each other, and none where others hold 16 GiB.
  World world(
      cluster_of({{"RTX-3090", 1, 1, kNotCounted, kNotCounted, 16 * kGiB}, {"RTX-3090", 2, 2}}));
  Request request = llm_request("r", "qwen2.5-0.5b");
  llm_of(request).shared = true;
  llm_of(request).limits.utilisation_ppm = 400'000;
  const auto placer = make_policy(world, "best-fit+heads");
  const auto next = [&] {
    const Decision answer = world.ask(*placer, request);
    Placement placement;
    placement.holdings = world.take(request, std::get<Place>(answer).layout);
    return where(placement);
  };
  CHECK(next() == "n1[0]");
  CHECK(next() == "n1[0]");
  world.cluster.set_in_service(static_cast<NodeId>(1), false);
  CHECK(next() == "n2[0]");
  world.cluster.set_in_service(static_cast<NodeId>(1), true);
  CHECK(next() == "n1[1]");
}

TEST_CASE("with heads a policy places tasks as without") {
  World world(cluster_of({{"L4", 4, 3}}));
  occupy(world, 1, {0, 1});
  const Request task = opaque_request("t", 2);
  for (const std::string policy : {"best-fit", "worst-fit", "gpu-packing", "buddy"}) {
    INFO(policy);
    CHECK(decided(world, policy, task) == decided(world, policy + "+heads", task));
  }
}
