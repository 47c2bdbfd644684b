#include "study/differences.hpp"

#include "sim/core/assert.hpp"
#include "tests/fixtures.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

/// A run whose requests ended like this: 'p'laced, 'w'aiting, 'h'eads or 'm'emory refused by rule.
/// One request a second; those in the window are measured.
RunResult run_of(std::string policy, const std::string& endings, MeasureWindow window = {}) {
  RunResult run;
  run.outcomes = OutcomeLog(window);
  run.policy = std::move(policy);
  World world(cluster_of({{"L4", 1}}));
  Request request = opaque_request("any", 1);
  const InternedShape& shape = world.intern(request);
  for (std::size_t i = 0; i < endings.size(); ++i) {
    request.arrival = at(static_cast<int>(i));
    OutcomeRecord record;
    record.request = static_cast<RequestId>(i);
    record.outcome = Outcome::refused_by_engine;
    if (endings[i] == 'p') record.outcome = Outcome::placed;
    if (endings[i] == 'w') record.outcome = Outcome::waiting;
    if (endings[i] == 'h') record.reason = "vllm.heads";
    if (endings[i] == 'm') record.reason = "vllm.no-cache-memory";
    run.outcomes.finished(at(0), request, shape, record);
  }
  return run;
}

ListSource source_of(std::size_t requests) {
  std::vector<Request> out;
  for (std::size_t i = 0; i < requests; ++i)
    out.push_back(opaque_request("r" + std::to_string(i), 1));
  return ListSource(std::move(out));
}

std::string row_text(const Difference& row) {
  std::string text = row.policy_a + "/" + row.policy_b + " " + row.outcome_a + "/" + row.outcome_b +
                     " " + std::to_string(row.requests) + ":";
  for (const auto& name : row.examples) text += " " + name;
  return text;
}

}  // namespace

TEST_CASE("what ended differently is counted by pair and outcome, with three examples") {
  const RunResult a = run_of("a", "pppppwh");
  const RunResult b = run_of("b", "hhphhwp");
  auto requests = source_of(7);
  const DifferenceTable table = require_value(compare_outcomes({&a, &b}, requests));
  REQUIRE(table.rows.size() == 2);
  CHECK(row_text(table.rows[0]) == "a/b placed/refused_by_engine: vllm.heads 4: r0 r1 r3");
  CHECK(row_text(table.rows[1]) == "a/b refused_by_engine: vllm.heads/placed 1: r6");
  CHECK(table.compared == 7);
  CHECK(table.ended_differently == 5);
}

TEST_CASE("only requests of the measured window are compared") {
  const MeasureWindow window{at(1), at(4)};
  const RunResult a = run_of("a", "ppppp", window);
  const RunResult b = run_of("b", "hhphh", window);
  auto requests = source_of(5);
  const DifferenceTable table = require_value(compare_outcomes({&a, &b}, requests));
  REQUIRE(table.rows.size() == 1);
  CHECK(row_text(table.rows[0]) == "a/b placed/refused_by_engine: vllm.heads 2: r1 r3");
  CHECK(table.compared == 3);
  CHECK(table.ended_differently == 2);
}

TEST_CASE("every pair of policies is compared") {
  const RunResult a = run_of("a", "pw");
  const RunResult b = run_of("b", "pp");
  const RunResult c = run_of("c", "hp");
  auto requests = source_of(2);
  const DifferenceTable table = require_value(compare_outcomes({&a, &b, &c}, requests));
  REQUIRE(table.rows.size() == 4);
  CHECK(row_text(table.rows[0]) == "a/b waiting/placed 1: r1");
  CHECK(row_text(table.rows[1]) == "a/c placed/refused_by_engine: vllm.heads 1: r0");
  CHECK(row_text(table.rows[2]) == "a/c waiting/placed 1: r1");
  CHECK(row_text(table.rows[3]) == "b/c placed/refused_by_engine: vllm.heads 1: r0");
  CHECK(table.ended_differently == 2);
}

TEST_CASE("two refusals by different rules are different ends") {
  const RunResult a = run_of("a", "hm");
  const RunResult b = run_of("b", "mm");
  auto requests = source_of(2);
  const DifferenceTable table = require_value(compare_outcomes({&a, &b}, requests));
  REQUIRE(table.rows.size() == 1);
  CHECK(row_text(table.rows[0]) ==
        "a/b refused_by_engine: vllm.heads/refused_by_engine: vllm.no-cache-memory 1: r0");
  CHECK(table.ended_differently == 1);
}

TEST_CASE("policies that agree differ in nothing") {
  const RunResult a = run_of("a", "pwh");
  const RunResult b = run_of("b", "pwh");
  auto requests = source_of(3);
  const DifferenceTable table = require_value(compare_outcomes({&a, &b}, requests));
  CHECK(table.rows.empty());
  CHECK(table.compared == 3);
  CHECK(table.ended_differently == 0);
  auto none = source_of(0);
  CHECK(require_value(compare_outcomes({}, none)).compared == 0);
}

TEST_CASE("a trace that became shorter is an error, runs of other lengths are a fault") {
  const RunResult a = run_of("a", "pp");
  const RunResult b = run_of("b", "ph");
  auto shorter = source_of(1);
  CHECK_FALSE(compare_outcomes({&a, &b}, shorter).has_value());
  const RunResult c = run_of("c", "p");
  auto requests = source_of(2);
  CHECK_THROWS_AS(compare_outcomes({&a, &c}, requests), Fault);
}
