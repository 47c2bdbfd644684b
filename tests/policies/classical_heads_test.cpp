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
  for (const std::string model : {"gemma-3-27b-it", "qwen2.5-72b"}) {
    const Request request = llm_request("r", model);
    const std::string expected = decided(world, "head-aware", request);
    INFO(expected);
    CHECK(decided(world, "fgd+heads", request) == expected);
    CHECK(decided(world, "random+heads", request) == expected);
  }
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
