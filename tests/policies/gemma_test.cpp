// The story that headroom exists for: gemma-3-27b-it, 32 attention heads, on 24 GiB cards, under
// each policy and for several guesses of what the engine needs beside weights and cache.

#include "tests/fixtures.hpp"
#include "tests/policies/decision.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

const Request& gemma() {
  static const Request request = llm_request("gemma", "gemma-3-27b-it");
  return request;
}

MemoryOverheads runtime(Bytes bytes) {
  MemoryOverheads overheads;
  overheads.runtime = bytes;
  return overheads;
}

std::string decision(World& world, const std::string& policy, const std::string& options = "") {
  return decision(world, *make_policy(world, policy, options), gemma());
}

}  // namespace

TEST_CASE("on four cards naive takes three and the engine refuses") {
  World world(cluster_of({{"RTX-3090", 4}}));
  CHECK(decision(world, "naive") == "TP 3 x PP 1 on n0[0,1,2]");
  CHECK(run(world, "naive", {gemma()}).ending("gemma") == "refused_by_engine: vllm.heads");
}

TEST_CASE("on four cards head-aware and fallback-search take four") {
  World world(cluster_of({{"RTX-3090", 4}}));
  CHECK(decision(world, "head-aware") == "TP 4 x PP 1 on n0[0,1,2,3]");
  CHECK(decision(world, "fallback-search") == "TP 4 x PP 1 on n0[0,1,2,3]");
  CHECK(run(world, "head-aware", {gemma()}).ending("gemma") == "placed");
  CHECK(run(world, "fallback-search", {gemma()}).ending("gemma") == "placed");
}

TEST_CASE("on three cards only the search finds the three pipeline stages") {
  for (const Bytes overhead : {Bytes{551'000'000}, Bytes{275'500'000}, Bytes{826'500'000}}) {
    INFO("runtime overhead of " << overhead << " bytes");
    World world(cluster_of({{"RTX-3090", 3}}), runtime(overhead));
    CHECK(decision(world, "naive") == "TP 3 x PP 1 on n0[0,1,2]");
    CHECK(decision(world, "head-aware") == "never: no_accepted_size");
    CHECK(decision(world, "fallback-search") == "TP 1 x PP 3 on n0[0,1,2]");
    CHECK(run(world, "naive", {gemma()}).ending("gemma") == "refused_by_engine: vllm.heads");
    CHECK(run(world, "head-aware", {gemma()}).ending("gemma") ==
          "rejected/policy_missed: no_accepted_size");
    CHECK(run(world, "fallback-search", {gemma()}).ending("gemma") == "placed");
  }
}

TEST_CASE("with 3.5 GiB of overhead three stages do not start, and the search knows") {
  World world(cluster_of({{"RTX-3090", 3}}), runtime(kGiB * 7 / 2));
  CHECK_FALSE(
      world.engine->check(*gemma().shape.llm().model, {1, 3}, world.spec.gpu_types.front(), {})
          .accepted);
  CHECK(decision(world, "fallback-search") == "never: no_valid_plan");
  const auto recorder = run(world, "fallback-search", {gemma()});
  CHECK(recorder.ending("gemma") == "rejected/incompatible: no_valid_plan");
  CHECK(recorder.end == at(0));  // it does not wait in vain
  CHECK(run(world, "naive", {gemma()}).ending("gemma") == "refused_by_engine: vllm.heads");
  // The audit is the same for all: what is incompatible is so under head-aware too.
  CHECK(run(world, "head-aware", {gemma()}).ending("gemma") ==
        "rejected/incompatible: no_accepted_size");
}

TEST_CASE("with 3.5 GiB of overhead four cards still hold it") {
  World world(cluster_of({{"RTX-3090", 4}}), runtime(kGiB * 7 / 2));
  CHECK(decision(world, "fallback-search") == "TP 4 x PP 1 on n0[0,1,2,3]");
  CHECK(run(world, "fallback-search", {gemma()}).ending("gemma") == "placed");
}

TEST_CASE("a check that only looks where gemma has no heads is no check: GPUStack 0.6") {
  World world(cluster_of({{"RTX-3090", 4}}));
  const std::string options = "head_keys = 'root'\nunknown_heads = 'pass'";
  CHECK(decision(world, "head-aware", options) == "TP 3 x PP 1 on n0[0,1,2]");
  const auto placer = make_policy(world, "head-aware", options);
  CHECK(run(world, *placer, {gemma()}).ending("gemma") == "refused_by_engine: vllm.heads");
  // A model with its heads at the root is checked as ever.
  const Request plain = llm_request("plain", "gemma-2-27b-it");
  const auto fresh = make_policy(world, "head-aware", options);
  CHECK(decision(world, *fresh, plain) == "TP 4 x PP 1 on n0[0,1,2,3]");
}

TEST_CASE("a check that refuses what it cannot find places no gemma anywhere") {
  World world(cluster_of({{"RTX-3090", 4, 8}, {"H100-80GB", 8, 2}}));
  const std::string options = "head_keys = 'root'\nunknown_heads = 'refuse'";
  CHECK(decision(world, "head-aware", options) == "never: no_accepted_size");
  const auto placer = make_policy(world, "head-aware", options);
  CHECK(run(world, *placer, {gemma()}).ending("gemma") ==
        "rejected/policy_missed: no_accepted_size");
}

TEST_CASE("where one card of another type holds it, naive is right") {
  World world(cluster_of({{"RTX-3090", 4}, {"A100-80GB", 1}}));
  CHECK(decision(world, "naive") == "TP 1 x PP 1 on n1[0]");
  CHECK(run(world, "naive", {gemma()}).ending("gemma") == "placed");
}
