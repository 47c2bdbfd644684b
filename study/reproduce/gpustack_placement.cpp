// Cases of kind placement and observed_placement: candidates, the one chosen, what is said.

#include "policies/gpustack/claim.hpp"
#include "policies/gpustack/selector.hpp"
#include "policies/gpustack/sglang_fraction.hpp"
#include "study/reproduce/gpustack_cases.hpp"
#include "study/reproduce/gpustack_facts.hpp"
#include "study/reproduce/gpustack_view.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace headroom {
namespace {

using namespace gpustack;

// What an expectation may say of its parts.
constexpr std::array<std::string_view, 4> kOutcome = {"candidates", "chosen?", "chosen_candidate",
                                                      "messages"};
constexpr std::array<std::string_view, 10> kCandidate = {
    "worker",      "gpu_indexes", "claim_bytes_per_gpu", "claim_ram_bytes?",    "gpu_type",
    "overcommit?", "score",       "score_truncated_2dp", "subordinate_workers", "total_gpus"};

std::string gpus_text(const CaseValue& share) {
  std::string text = share.text("worker");
  const CaseValue claims = share.at("claim_bytes_per_gpu");
  for (const std::int64_t gpu : share.integers("gpu_indexes")) {
    text += fmt::format(" {}", gpu);
    if (!claims.is_null()) text += fmt::format("={}", claims.integer(std::to_string(gpu)));
  }
  if (share.has("total_gpus")) text += fmt::format(" ({} GPUs)", share.integer("total_gpus"));
  return text;
}

std::string gpus_text(const CaseValue& expected, const Share& share) {
  std::string text = share.worker->name;
  for (const Charge& each : share.gpus) {
    text += fmt::format(" {}", each.gpu->index);
    if (expected.has("claim_bytes_per_gpu")) text += fmt::format("={}", each.bytes);
  }
  if (expected.has("total_gpus")) text += fmt::format(" ({} GPUs)", share.gpus.size());
  return text;
}

std::string truncated(double score) { return fmt::format("{:.2f}", std::floor(score * 100) / 100); }
std::string rounded(double score) { return fmt::format("{:.9f}", score); }

std::string expected_text(const CaseValue& expected) {
  std::string text = gpus_text(expected);
  for (const CaseValue& share : expected.list("subordinate_workers")) {
    text += " + " + gpus_text(share);
  }
  if (expected.has("gpu_type")) text += " type " + expected.text("gpu_type");
  if (expected.has("claim_ram_bytes")) {
    text += fmt::format(" RAM {}", expected.integer("claim_ram_bytes"));
  }
  if (expected.has("overcommit") && expected.flag_or("overcommit", false)) text += " overcommit";
  if (expected.has("score")) text += " score " + rounded(expected.number_or("score", 0));
  if (expected.has("score_truncated_2dp")) {
    text += " score " + truncated(expected.number_or("score_truncated_2dp", 0) + 1e-9);
  }
  return text;
}

// What the expectation names, as it came out.
std::string got_text(const CaseValue& expected, const Candidate& candidate) {
  std::string text = gpus_text(expected, candidate.main);
  const auto shares = expected.list("subordinate_workers");
  const bool all = expected.has("subordinate_workers");
  for (std::size_t i = 0; all && i < candidate.subordinates.size(); ++i) {
    text += " + " + gpus_text(i < shares.size() ? shares[i] : expected, candidate.subordinates[i]);
  }
  if (expected.has("gpu_type")) text += " type " + candidate.type;
  if (expected.has("claim_ram_bytes")) text += fmt::format(" RAM {}", candidate.ram.value_or(0));
  if (expected.has("overcommit") && candidate.overcommit) text += " overcommit";
  if (expected.has("score")) text += " score " + rounded(candidate.score);
  if (expected.has("score_truncated_2dp")) text += " score " + truncated(candidate.score);
  return text;
}

void compare_candidate(const std::string& what, const CaseValue& expected,
                       const Candidate* candidate, std::vector<Disagreement>& out) {
  expected.only(kCandidate);
  for (const CaseValue& share : expected.list("subordinate_workers")) share.only(kCandidate);
  const std::string wanted = expected_text(expected);
  const std::string got = candidate == nullptr ? "none" : got_text(expected, *candidate);
  if (wanted != got) out.push_back({what, wanted, got});
}

void compare_outcome(const std::string& prefix, const CaseValue& expected,
                     const Selection& selection, std::vector<Disagreement>& out) {
  const auto& found = selection.candidates;
  const auto best = best_of(found);
  if (expected.has("candidates")) {
    const auto wanted = expected.list("candidates");
    if (wanted.size() != found.size()) {
      out.push_back({prefix + "number of candidates", std::to_string(wanted.size()),
                     std::to_string(found.size())});
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      compare_candidate(fmt::format("{}candidate {}", prefix, i), wanted[i],
                        i < found.size() ? &found[i] : nullptr, out);
    }
  }
  const CaseValue chosen = expected.at("chosen");
  if (chosen.is_object()) {
    compare_candidate(prefix + "chosen", chosen, best ? &found[*best] : nullptr, out);
  } else if (expected.names("chosen")) {
    const std::string wanted = chosen.is_null() ? "none" : std::to_string(chosen.as_integer());
    const std::string got = best ? std::to_string(*best) : "none";
    if (wanted != got) out.push_back({prefix + "chosen", wanted, got});
  }
  if (expected.has("chosen_candidate")) {
    compare_candidate(prefix + "chosen", expected.at("chosen_candidate"),
                      best ? &found[*best] : nullptr, out);
  }
  if (expected.has("messages")) {
    compare_facts(prefix + "messages", expected.texts("messages"), selection.facts, out);
  }
}

// The share of each GPU that the case says GPUStack came to.
void compare_fractions(const CaseValue& test, const std::vector<WorkerView>& workers,
                       const Ask& ask, std::vector<Disagreement>& out) {
  const CaseValue stated = test.at("memory_fraction");
  const auto compare = [&](const std::string& what, double wanted, double got) {
    if (std::abs(wanted - got) < 1e-9) return;
    out.push_back({what, fmt::format("{}", wanted), fmt::format("{}", got)});
  };
  if (stated.is_object()) {
    for (const std::string& type : stated.keys()) {
      if (type == "*") continue;
      compare("memory fraction of " + type, stated.number_or(type, 0),
              sglang_fraction(workers, ask, type));
    }
  } else if (!stated.is_null()) {
    compare("memory fraction", stated.as_number(), vllm_fraction(ask));
  }
}

}  // namespace

std::vector<Disagreement> run_placement_case(const CaseValue& test) {
  std::vector<Disagreement> out;
  const std::vector<WorkerView> workers = allocatable_view(workers_of(test), placed_of(test));
  const Ask ask = ask_of(test);
  Selection selection = select(backend_of(test), Version::today, workers, ask);
  score(selection.candidates, strategy_of(test), counts_of(test));

  const CaseValue expected =
      test.some_of("expected", {"candidates", "chosen?", "chosen_candidate", "messages", "error?"});
  compare_fractions(test, workers, ask, out);
  compare_outcome("", expected, selection, out);
  const CaseValue observed = test.at("observed_by_running_the_real_selector");
  observed.only(kOutcome);
  compare_outcome("observed ", observed, selection, out);
  if (expected.has("error") || selection.error) {
    std::vector<Fact> got;
    if (selection.error) got.push_back(*selection.error);
    std::vector<std::string> wanted;
    if (expected.has("error")) wanted.push_back(expected.text("error"));
    compare_facts("error", wanted, got, out);
  }
  return out;
}

}  // namespace headroom
