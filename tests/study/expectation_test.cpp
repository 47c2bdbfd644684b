// What a scenario's author says must come out, against what did.

#include "study/expectation_check.hpp"
#include "tests/fixtures.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

Expectation expect(std::string request, std::string outcome) {
  Expectation out;
  out.policy = "naive";
  out.request = std::move(request);
  out.outcome = std::move(outcome);
  out.place = {"scenario.toml", 12, 1};
  return out;
}

/// What fails when gemma is refused on four cards and a small model is placed beside it.
std::vector<std::string> failures_of(std::vector<Expectation> expectations) {
  Scenario scenario;
  scenario.expectations = std::move(expectations);
  World world(cluster_of({{"RTX-3090", 4}}));
  ExpectationCheck check(scenario, "naive");
  RunSetup setup;
  setup.observers = {&check};
  (void)run(world, "naive",
            {llm_request("gemma", "gemma-3-27b-it"), llm_request("small", "qwen3-4b")}, setup);
  return check.failures();
}

}  // namespace

TEST_CASE("expectations that hold say nothing") {
  Expectation gemma = expect("gemma", "refused_by_engine");
  gemma.reason = "vllm.heads";
  gemma.tp = 3;
  gemma.pp = 1;
  gemma.gpus = 3;
  gemma.nodes = 1;
  CHECK(failures_of({gemma, expect("small", "placed")}).empty());
  CHECK(failures_of({}).empty());
}

TEST_CASE("every expectation that does not hold is named with its place") {
  Expectation gemma = expect("gemma", "placed");
  gemma.reason = "vllm.vocab";
  gemma.tp = 4;
  gemma.pp = 2;
  gemma.gpus = 8;
  gemma.nodes = 2;
  const auto failures = failures_of({gemma});
  REQUIRE(failures.size() == 6);
  CHECK(failures[0] ==
        "scenario.toml:12:1: expected outcome 'placed' for request 'gemma' under naive, got "
        "'refused_by_engine'");
  CHECK(failures[1].find("expected reason 'vllm.vocab'") != std::string::npos);
  CHECK(failures[2].find("expected tp '4' for request 'gemma' under naive, got '3'") !=
        std::string::npos);
}

TEST_CASE("a request that never came is an expectation that does not hold") {
  const auto failures = failures_of({expect("nobody", "placed")});
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].find("got 'no such request'") != std::string::npos);
}

TEST_CASE("expectations of other policies are left to them") {
  Expectation other = expect("gemma", "placed");
  other.policy = "head-aware";
  CHECK(failures_of({other}).empty());
}
