#include "policies/gpustack/scorers.hpp"
#include "tests/catch.hpp"

#include <cmath>

using namespace headroom;
using namespace headroom::gpustack;

namespace {

bool near(double a, double b) { return std::abs(a - b) < 1e-9; }

/// A worker with GPUs of 100 bytes, all free.
WorkerView worker(const std::string& name, int gpus) {
  WorkerView out{name, {}, 0, false};
  for (int i = 0; i < gpus; ++i) out.gpus.push_back({"cuda", i, 100, 100});
  return out;
}

/// Takes the first `gpus` of the worker, 90 bytes each. Points to it.
Candidate candidate_on(const WorkerView& worker, std::size_t gpus) {
  Candidate out;
  out.main.worker = &worker;
  for (std::size_t i = 0; i < gpus; ++i) out.main.gpus.push_back({&worker.gpus[i], 90});
  return out;
}

/// Scores of taking the first `gpus` of a, and of b.
std::vector<double> spread(std::size_t gpus, const InstanceCounts& counts) {
  const WorkerView a = worker("a", 2);
  const WorkerView b = worker("b", 2);
  const std::vector<Candidate> candidates = {candidate_on(a, gpus), candidate_on(b, gpus)};
  return spread_scores(candidates, counts);
}

}  // namespace

TEST_CASE("binpack takes the highest share of what is free, VRAM counted twice") {
  CHECK(near(binpack_item({{}, 0, {{90, 100}}}, Scale::up), 60));
  CHECK(near(binpack_item({{}, 0, {{30, 100}, {60, 80}}}, Scale::up), 50));
  CHECK(near(binpack_item({20, 80, {{30, 60}}}, Scale::up), (25 + 2 * 50) / 3.0));
  CHECK(near(binpack_item({20, 80, {{30, 60}}}, Scale::down), (20 + 2 * 100 / 3.0) / 3));
  CHECK(near(binpack_item({20, 80, {}}, Scale::up), 25));
  CHECK(near(binpack_item({20, 0, {{std::nullopt, 0}}}, Scale::up), 0));
}

TEST_CASE("binpack counts subordinates again for each of them, so that it may pass 100") {
  const WorkerView a = worker("a", 1);
  Candidate candidate = candidate_on(a, 1);
  candidate.subordinates = {candidate.main, candidate.main};
  CHECK(near(binpack_score(candidate, Scale::up), (5 * 60 + 2 * 120) / 7.0));
  candidate.subordinates.resize(9, candidate.main);
  CHECK(binpack_score(candidate, Scale::up) > 100);
}

TEST_CASE("spread prefers workers and GPUs with few instances of the same model, then of others") {
  auto scores = spread(1, {});
  CHECK(near(scores[0], 100));
  CHECK(near(scores[1], 100));
  scores = spread(1, {{"a", {{1, {0, 1}}}}});
  CHECK(near(scores[0], 0.85 * 85 + 15));  // another model's instance on the other GPU
  CHECK(near(scores[1], 100));
  scores = spread(1, {{"a", {{0, {1, 0}}}}});
  CHECK(near(scores[0], 0.85 * (45 + 20) + 0.15 * 50));
  CHECK(near(scores[1], 0.85 * 100 + 15));
  scores = spread(1, {{"a", {{0, {3, 0}}}}, {"b", {{1, {1, 0}}}}});
  CHECK(near(scores[0], 0.85 * (50 + 15) + 0.15 * 25));
  CHECK(near(scores[1], 0.85 * (50 + 25 + 15) + 15));
}

TEST_CASE("an instance on several GPUs counts on each of them") {
  const auto scores = spread(2, {{"a", {{0, {0, 1}}, {1, {0, 1}}}}, {"b", {{0, {0, 1}}}}});
  CHECK(near(scores[0], 0.85 * 85 + 0.15 * 100 / 1.2));
  CHECK(near(scores[1], 0.85 * 100 + 0.15 * (100 / 1.2 + 100) / 2));
}

TEST_CASE("locality is the share of a candidate's workers that hold the weights") {
  const std::vector<std::vector<std::string>> workers = {{"a", "b"}, {"c"}, {}};
  const std::vector<std::string> model = {"a", "c"};
  CHECK(locality_scores(workers, model, {}, 5) == std::vector<double>{2.5, 5, 0});
  const std::vector<std::string> draft = {"b"};
  const auto both = locality_scores(workers, model, draft, 3);
  CHECK(near(both[0], (0.5 + 0.25) / 1.5 * 3));
  CHECK(near(both[1], 2));
}

TEST_CASE("scores add up, and those of instances are scaled") {
  const std::vector<std::vector<std::optional<double>>> scores = {{1, {}}, {2, 5}};
  CHECK(sum_scores(scores) == std::vector<double>{3, 5});
  const std::vector<InstanceScorer> scorers = {{100, {40, 10}}, {0, {7, 7}}, {20, {20, 0}}};
  CHECK(sum_instance_scores(scorers, {}) == std::vector<double>{60, 10});
  CHECK(near(sum_instance_scores(scorers, 12)[0], 6));
}

TEST_CASE("the first of the highest scores wins") {
  std::vector<Candidate> candidates(3);
  CHECK_FALSE(best_of({}).has_value());
  candidates[1].score = 2;
  candidates[2].score = 2;
  CHECK(best_of(candidates) == 1);
}
