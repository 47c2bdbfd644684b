#include "study/story.hpp"

#include "policies/parts/claim_search.hpp"
#include "study/study.hpp"

#include <fmt/format.h>

#include <map>

namespace headroom {
namespace {

namespace fs = std::filesystem;

// What one policy did with the story's one request.
class Account final : public Observer {
 public:
  void placed(SimTime, const Placement& placement) override {
    plan_ = placement.layout.plan;
    gpus_ = placement.gpus();
    held_since_ = placement.since;
  }
  void refused(SimTime, const Placement&, const Refusal& refusal, int attempt) override {
    refusal_ = refusal;
    attempts_ = attempt;
  }
  void released(SimTime now, const Placement&, bool served) override {
    if (!served) held_ = now - held_since_;
  }
  void finished(SimTime, const Request&, const InternedShape&,
                const OutcomeRecord& record) override {
    outcome_ = record.outcome;
  }

  [[nodiscard]] std::string text(const std::string& policy) const {
    const std::string who = fmt::format("  {:<16}", policy);
    const std::string next = fmt::format("\n  {:<16}", "");
    if (gpus_ == 0) {
      const bool missed = outcome_ == Outcome::rejected_policy_missed;
      return who + "places nothing: no size that it may use fits." +
             (missed ? next + "The audit says that a valid plan was free.\n" : "\n");
    }
    std::string what = fmt::format("takes {} cards, TP {}", gpus_, plan_.tp);
    if (plan_.pp > 1) what += fmt::format(" x PP {}", plan_.pp);
    if (outcome_ == Outcome::placed) return who + what + ", and the engine starts.\n";
    return who + what + ". The engine refuses (" + refusal_.rule + "):" + next + refusal_.sentence +
           "." + next +
           fmt::format("{} attempts; the {} cards are held {} for nothing.\n", attempts_, gpus_,
                       duration_text(held_));
  }

 private:
  ParallelPlan plan_;
  int gpus_ = 0;
  Refusal refusal_;
  int attempts_ = 0;
  SimTime held_since_{};
  Duration held_{};
  Outcome outcome_ = Outcome::waiting;
};

Result<std::string> tell_scenario(const Scenario& scenario) {
  std::string out = scenario.name + "\n";
  for (const auto& policy : scenario.policies) {
    Account account;
    HEADROOM_CHECK(run_policy(scenario, policy, account));
    out += account.text(policy);
  }
  return out;
}

std::string describe_claim(const Scenario& scenario, const LlmDeployment& llm) {
  const Model& model = *llm.model;
  const Bytes total = scenario.cluster.gpu_types.front().memory;
  const Bytes usable = requested_bytes(total, llm.limits.utilisation_ppm);
  const Bytes claim = weight_claim(model);
  return fmt::format(
      "{}: {} of bf16 weights, {} attention heads, {} KV heads, {} layers.\n"
      "A 24 GiB card gives the engine {} at U = {}. From the weights alone the claim is\n"
      "1.2 x {} + 2 GiB = {}: two cards give {}, three give {}.\n\n",
      model.name, bytes_text(weight_bytes(model)), model.text.heads(), model.text.kv_heads(),
      model.text.layers(), bytes_text(usable),
      static_cast<double>(llm.limits.utilisation_ppm) / 1e6, bytes_text(weight_bytes(model)),
      bytes_text(claim), bytes_text(2 * usable), bytes_text(3 * usable));
}

Result<std::string> describe_pipeline(const Scenario& scenario, const LlmDeployment& llm) {
  const GpuType& gpu = scenario.cluster.gpu_types.front();
  constexpr ParallelPlan kThreeStages{1, 3};
  HEADROOM_TRY(const auto engine, make_engine(scenario.engine, scenario.overheads));
  const EngineVerdict verdict = engine->check(*llm.model, kThreeStages, gpu, llm.limits);
  if (!verdict.accepted)
    return fail("the engine refuses three pipeline stages: " + verdict.refusal.sentence);
  std::string out =
      "Three pipeline stages, card by card (the vision tower and the embedding are on the "
      "first):\n";
  for (std::size_t i = 0; i < verdict.stages.size(); ++i) {
    const StageMemory& stage = verdict.stages[i];
    const Bytes overhead = stage.runtime + stage.activations + stage.communication;
    out += fmt::format(
        "  stage {}  {} layers: weights {}, overhead {}, {} left for the KV cache; one\n"
        "           sequence of {} tokens needs {}\n",
        i + 1, stage.layers, bytes_text(stage.weights), bytes_text(overhead),
        bytes_text(stage.kv_available), llm.limits.context, bytes_text(stage.kv_per_sequence));
  }
  MemoryOverheads without_sliding = scenario.overheads;
  without_sliding.hybrid_kv_cache = false;
  const auto flip = [&](const MemoryOverheads& overheads) {
    return bytes_text(
        overhead_at_which_refused(*llm.model, kThreeStages, gpu, llm.limits, overheads));
  };
  out += fmt::format(
      "The overhead is the uncertain part. The answer flips to a refusal at {} per card, or at {}\n"
      "if sliding-window layers are charged as full ones.\n",
      flip(scenario.overheads), flip(without_sliding));
  return out;
}

}  // namespace

Bytes overhead_at_which_refused(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                const ServingLimits& limits, MemoryOverheads overheads) {
  const auto verdict_at = [&](Bytes runtime) {
    overheads.runtime = runtime;
    const auto engine = make_engine("vllm", overheads);
    return (*engine)->check(model, plan, gpu, limits);
  };
  Bytes accepted = 0;
  Bytes refused = gpu.memory;
  while (refused - accepted > 1) {
    const Bytes middle = accepted + (refused - accepted) / 2;
    (verdict_at(middle).accepted ? accepted : refused) = middle;
  }
  const EngineVerdict verdict = verdict_at(refused);
  const StageMemory& worst = verdict.stages[static_cast<std::size_t>(verdict.worst_stage)];
  return refused + worst.activations + worst.communication;
}

Result<std::string> tell_gemma_story(const fs::path& folder) {
  HEADROOM_TRY(const Scenario four, read_scenario(folder / "four-cards.toml", {}));
  HEADROOM_TRY(const Scenario three, read_scenario(folder / "three-cards.toml", {}));
  const auto* listed = std::get_if<ListedWorkload>(&three.workload);
  if (listed == nullptr || listed->requests.empty() ||
      listed->requests.front().shape.kind() != RequestKind::llm) {
    return fail("the story needs a scenario that lists a deployment", {three.file.string()});
  }
  const LlmDeployment& llm = listed->requests.front().shape.llm();
  std::string out = describe_claim(three, llm);
  HEADROOM_TRY(const std::string on_four, tell_scenario(four));
  HEADROOM_TRY(const std::string on_three, tell_scenario(three));
  HEADROOM_TRY(const std::string stages, describe_pipeline(three, llm));
  return out + on_four + "\n" + on_three + "\n" + stages;
}

}  // namespace headroom
