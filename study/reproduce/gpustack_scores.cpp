// Cases of kind score, score_chain and locality.

#include "policies/gpustack/scorers.hpp"
#include "study/reproduce/gpustack_cases.hpp"
#include "study/reproduce/gpustack_view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace headroom {
namespace {

using namespace gpustack;

constexpr double kTolerance = 1e-6;  // cases give seven decimals

std::vector<double> numbers(const CaseValue& value, std::string_view key) {
  std::vector<double> out;
  for (const CaseValue& entry : value.list(key)) out.push_back(entry.as_number());
  return out;
}

void compare(const std::string& what, const std::vector<double>& expected,
             const std::vector<double>& got, std::vector<Disagreement>& out) {
  bool same = expected.size() == got.size();
  for (std::size_t i = 0; same && i < got.size(); ++i) {
    same = std::abs(expected[i] - got[i]) <= kTolerance;
  }
  if (same) return;
  out.push_back({what, fmt::format("{:.7g}", fmt::join(expected, ", ")),
                 fmt::format("{:.7g}", fmt::join(got, ", "))});
}

Scale scale_of(const CaseValue& test) {
  const std::string name = test.text_or("scale", "up");
  if (name != "up" && name != "down") test.at("scale").reject("\"up\" or \"down\"");
  return name == "down" ? Scale::down : Scale::up;
}

BinpackItem item_of(const CaseValue& value) {
  BinpackItem item;
  if (const auto ram = value.optional_integer("claim_ram_bytes")) item.ram_claim = *ram;
  item.ram_allocatable = value.integer_or("allocatable_ram_bytes", 0);
  for (const std::int64_t gpu : value.integers("gpu_indexes")) {
    const std::string key = std::to_string(gpu);
    item.gpus.push_back({value.at("claim_bytes_per_gpu").optional_integer(key),
                         value.at("allocatable_vram_bytes").integer_or(key, 0)});
  }
  return item;
}

// Workers and GPUs that the candidates name; nothing else of them matters here.
std::vector<double> spread_of(const CaseValue& test) {
  std::vector<WorkerView> workers;
  for (const CaseValue& entry : test.list("candidates")) {
    WorkerView worker{entry.text("worker"), {}, 0, false};
    for (const std::int64_t gpu : entry.integers("gpu_indexes")) {
      worker.gpus.push_back({"", static_cast<int>(gpu), 0, 0});
    }
    workers.push_back(std::move(worker));
  }
  std::vector<Candidate> candidates;
  for (const WorkerView& worker : workers) {
    Candidate candidate;
    candidate.main.worker = &worker;
    for (const GpuView& gpu : worker.gpus) candidate.main.gpus.push_back({&gpu, 0});
    candidates.push_back(std::move(candidate));
  }
  return spread_scores(candidates, counts_of(test));
}

std::vector<double> placement_scores_of(const CaseValue& test) {
  if (strategy_of(test) == Strategy::spread) return spread_of(test);
  std::vector<double> out;
  for (const CaseValue& entry : test.list("candidates")) {
    out.push_back(binpack_item(item_of(entry), scale_of(test)));
  }
  return out;
}

std::vector<double> locality_of(const CaseValue& test,
                                const std::vector<std::vector<std::string>>& candidates,
                                double most) {
  return locality_scores(candidates, test.texts("workers_with_model_file"),
                         test.texts("workers_with_draft_file"), most);
}

std::vector<double> locality_case_scores(const CaseValue& test) {
  std::vector<std::vector<std::string>> candidates;
  for (const CaseValue& entry : test.list("candidates")) {
    std::vector<std::string> workers;
    for (const CaseValue& worker : entry.entries()) workers.push_back(worker.as_text());
    candidates.push_back(std::move(workers));
  }
  return locality_of(test, candidates, test.number_or("max_score", 5));
}

void check_best(const CaseValue& expected, const std::vector<double>& scores,
                std::vector<Disagreement>& out) {
  const std::int64_t best = expected.integer("best");
  if (best < 0 || best >= std::ssize(scores)) {
    expected.at("best").reject("the number of a candidate");
    return;
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double own = scores[static_cast<std::size_t>(best)];
    if (std::int64_t{best} == static_cast<std::int64_t>(i) || own > scores[i]) continue;
    out.push_back({"best", fmt::format("candidate {} alone", best),
                   fmt::format("scores {:.7g}", fmt::join(scores, ", "))});
    return;
  }
}

std::vector<InstanceScorer> scorers_of_instances(const CaseValue& test) {
  const CaseValue most = test.at("scorers");
  InstanceScorer status{most.number_or("status_max", 0), {}};
  InstanceScorer offload{most.number_or("offload_max", 0), {}};
  InstanceScorer placement{most.number_or("placement_max", 0), {}};
  for (const CaseValue& instance : test.list("instances")) {
    const bool runs = instance.text_or("worker_state", "") == "ready" &&
                      instance.text_or("state", "") == "running";
    status.scores.push_back(runs ? status.most : 0);
    const double layers = instance.number_or("total_layers", 0);
    const double share = layers > 0 ? instance.number_or("offload_layers", 0) / layers : 0;
    offload.scores.push_back(share * offload.most);
    placement.scores.push_back(binpack_item(item_of(instance), scale_of(test)) / 100 *
                               placement.most);
  }
  return {status, offload, placement};
}

}  // namespace

std::vector<Disagreement> run_score_case(const CaseValue& test) {
  std::vector<Disagreement> out;
  const CaseValue expected =
      test.some_of("expected", {"best", "placement_scores", "score_greater_than", "total_scores"});
  const std::vector<double> scores = placement_scores_of(test);
  if (expected.has("best")) check_best(expected, scores, out);
  if (expected.has("score_greater_than")) {
    const double least = expected.number_or("score_greater_than", 0);
    for (const double each : scores) {
      if (each > least) continue;
      out.push_back({"score", fmt::format("above {}", least), fmt::format("{}", each)});
    }
  }
  if (test.has("formula_value"))
    compare("score", {test.number_or("formula_value", 0)}, scores, out);
  if (expected.has("placement_scores")) {
    compare("placement scores", numbers(expected, "placement_scores"), scores, out);
  }
  if (expected.has("total_scores")) {
    std::vector<std::vector<std::string>> workers;
    for (const CaseValue& entry : test.list("candidates"))
      workers.push_back({entry.text("worker")});
    std::vector<std::vector<std::optional<double>>> by_scorer(2);
    by_scorer[0].assign(scores.begin(), scores.end());
    const auto local = locality_of(test, workers, test.number_or("locality_max_score", 5));
    by_scorer[1].assign(local.begin(), local.end());
    compare("total scores", numbers(expected, "total_scores"), sum_scores(by_scorer), out);
  }
  return out;
}

std::vector<Disagreement> run_score_chain_case(const CaseValue& test) {
  std::vector<Disagreement> out;
  std::vector<double> totals;
  if (test.has("scorer_outputs")) {
    std::vector<std::vector<std::optional<double>>> by_scorer;
    for (const CaseValue& scorer : test.list("scorer_outputs")) {
      by_scorer.emplace_back();
      for (const CaseValue& each : scorer.entries()) {
        by_scorer.back().push_back(each.is_null() ? std::nullopt : std::optional(each.as_number()));
      }
    }
    totals = sum_scores(by_scorer);
  } else {
    std::vector<InstanceScorer> scorers;
    for (const CaseValue& scorer : test.list("instance_scorers")) {
      scorers.push_back({scorer.number_or("max_score", 0), numbers(scorer, "scores")});
    }
    if (test.has("instances")) scorers = scorers_of_instances(test);
    std::optional<double> most;
    if (test.has("total_max_score")) most = test.number_or("total_max_score", 0);
    totals = sum_instance_scores(scorers, most);
  }
  compare("totals", numbers(test.some_of("expected", {"totals"}), "totals"), totals, out);
  return out;
}

std::vector<Disagreement> run_locality_case(const CaseValue& test, const FindCase& find) {
  std::vector<Disagreement> out;
  const CaseValue expected =
      test.some_of("expected", {"greater_than_case", "less_than_case", "scores"});
  const std::vector<double> scores = locality_case_scores(test);
  if (expected.has("scores")) compare("scores", numbers(expected, "scores"), scores, out);
  for (const char* key : {"greater_than_case", "less_than_case"}) {
    if (!expected.has(key)) continue;
    const CaseValue other = find(expected.text(key));
    if (other.is_null()) {
      expected.at(key).reject("the id of a case in this folder");
      return out;
    }
    const auto others = locality_case_scores(other);
    const bool greater = std::string_view(key) == "greater_than_case";
    const bool holds = !scores.empty() && !others.empty() &&
                       (greater ? scores[0] > others[0] : scores[0] < others[0]);
    if (holds) continue;
    out.push_back({key, fmt::format("other scores {:.7g}", fmt::join(others, ", ")),
                   fmt::format("{:.7g}", fmt::join(scores, ", "))});
  }
  return out;
}

}  // namespace headroom
