#include "sim/engine/shared_rules.hpp"
#include "sim/engine/verdict.hpp"
#include "sim/engine/vllm_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <variant>

namespace headroom::vllm {
namespace {

using Phase = Refusal::Phase;
constexpr std::string_view kTp = "tensor parallel size";

/// Classes without SupportsPP, by the beginning of their names; speech models and encoders are not
/// text models that a config describes here.
constexpr std::array<std::string_view, 14> kWithoutStages{
    "Gemma3n",     "MiniMaxText01",   "MiniMaxM1", "Mamba2For",        "Zamba2",
    "Ouro",        "IQuestLoopCoder", "Idefics3",  "SmolVLM",          "Aria",
    "PaddleOCRVL", "Phi4MM",          "Whisper",   "NemotronH_Nano_VL"};

/// Classes that refuse more ranks than experts.
constexpr std::array<std::string_view, 10> kExpertsBoundRanks{
    "Qwen2Moe",   "Qwen3Moe", "Qwen3Next",    "MiMoV2",      "MiniMaxM2",
    "HunYuanMoE", "Step3",    "Ernie4_5_Moe", "Ernie4_5Moe", "Lfm2Moe"};

template <std::size_t N>
bool begins_with_any(std::string_view name, const std::array<std::string_view, N>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return name.starts_with(beginning); });
}

Finding refuse(std::string_view rule, Phase phase, std::string sentence) {
  return Refusal{std::string(rule), std::move(sentence), phase};
}

/// What a rule that engines share finds.
Finding finding(EngineVerdict verdict) {
  if (verdict.accepted) return std::nullopt;
  return std::move(verdict.refusal);
}

void remark_sizes(const Question& q, Remarks& remarks) {
  const int tp = q.plan.tp;
  if ((tp & (tp - 1)) != 0) {
    remark(
        remarks, Remark::Kind::unverified, kOddSize,
        fmt::format("tensor parallel size {} is not a power of two: the rules allow it, and it is "
                    "seldom run",
                    tp));
  }
  if (q.plan.dp > 1 && !q.model.text.has_experts()) {
    remark(remarks, Remark::Kind::fallback, kReplicas,
           fmt::format("the model has no experts to share: data parallel size {} is {} independent "
                       "replicas",
                       q.plan.dp, q.plan.dp));
  }
}

}  // namespace

void remark(Remarks& remarks, Remark::Kind kind, std::string_view rule, std::string sentence) {
  const bool there = std::any_of(remarks.begin(), remarks.end(),
                                 [&](const Remark& other) { return other.rule == rule; });
  if (!there) remarks.push_back({kind, std::string(rule), std::move(sentence)});
}

// distributed/utils.py get_pp_indices: what is left over goes to the stages before the last, from
// the back, because the last one carries the LM head too.
std::vector<std::int64_t> stage_layers(std::int64_t layers, int pp) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(pp), layers / pp);
  const auto left = static_cast<std::size_t>(layers % pp);
  for (std::size_t i = 0; i < left; ++i) ++out[out.size() - 2 - i];
  return out;
}

// config/model.py verify_with_parallel_config.
Finding check_configuration(const Question& q, Remarks& remarks) {
  constexpr auto kPhase = Phase::configuration;
  const Model& model = q.model;
  const ParallelPlan plan = q.plan;
  auto found = indivisible(kHeads, kPhase, model.text.heads(), plan.tp, "attention heads do", kTp);
  if (found) return found;
  remark_sizes(q, remarks);
  if (plan.ep && !model.text.has_experts()) {
    return refuse(kExpertParallel, kPhase,
                  fmt::format("{} has no routed experts, so expert parallelism cannot be asked for",
                              model.architecture));
  }
  if (plan.pp > 1 &&
      (!model.supports_pipeline || begins_with_any(model.architecture, kWithoutStages))) {
    return refuse(kPipelineSupport, kPhase,
                  fmt::format("{} does not implement pipeline stages, so pipeline parallel size {} "
                              "cannot start",
                              model.architecture, plan.pp));
  }
  // The engine lets this pass and then builds stages without layers: treated as invalid.
  return finding(check_stage_count(kPipelineLayers, kPhase, model.text, plan.pp));
}

// Any layer's KV heads, the vocabulary, and every dense MLP with those of shared experts.
Finding check_matrices(const Question& q, Remarks& /*remarks*/) {
  const TextArch& text = q.model.text;
  const int tp = q.plan.tp;
  return finding(first_refusal({
      check_kv_heads(kKvHeads, text, tp),
      check_vocab(kVocab, text, tp),
      check_mlp_width(kMlpWidth, text, tp),
  }));
}

// layers/fused_moe/config.py FusedMoEParallelConfig.make.
Finding check_experts(const Question& q, Remarks& remarks) {
  constexpr auto kBuild = Phase::model_build;
  const ParallelPlan plan = q.plan;
  const int ranks = plan.tp * plan.dp;
  for (const LayerKind& kind : q.model.text.kinds) {
    const auto* experts = std::get_if<Experts>(&kind.mlp);
    if (experts == nullptr) continue;
    if (!plan.ep) {
      if (auto found = finding(check_expert_width(kExpertWidth, *experts, ranks))) return found;
    }
    if (plan.tp > experts->count) {
      if (begins_with_any(q.model.architecture, kExpertsBoundRanks)) {
        return refuse(kExpertCount, kBuild,
                      fmt::format("{} refuses tensor parallel size {}, which is more than its {} "
                                  "experts",
                                  q.model.architecture, plan.tp, experts->count));
      }
      if (!q.model.architecture.starts_with("Mixtral")) {
        remark(remarks, Remark::Kind::unknown, kManyRanks,
               fmt::format("whether {} refuses tensor parallel size {} with {} experts is not "
                           "established",
                           q.model.architecture, plan.tp, experts->count));
      }
    }
    if (plan.ep && ranks > experts->count) {
      remark(remarks, Remark::Kind::unknown, kManyRanks,
             fmt::format("{} ranks share {} experts, and some hold none: what the engine does then "
                         "is not established",
                         ranks, experts->count));
    }
  }
  return std::nullopt;
}

// Heads that only some layers have, and state-space mixers.
Finding check_mixers(const Question& q, Remarks& /*remarks*/) {
  constexpr auto kBuild = Phase::model_build;
  const int tp = q.plan.tp;
  for (const LayerKind& kind : q.model.text.kinds) {
    Finding found;
    if (const Attention* attention = kind.attention()) {
      found = indivisible(kLayerHeads, kBuild, attention->heads, tp,
                          "attention heads of some layers do", kTp);
    } else if (const auto* m = std::get_if<Mamba2>(&kind.mixer)) {
      found = indivisible(kMambaHeads, kBuild, m->heads, tp, "Mamba heads do", kTp);
      if (!found && m->groups != 1) {
        found = indivisible(kMambaGroups, kBuild, m->groups, tp, "Mamba groups (more than one) do",
                            kTp);
      }
    } else if (const auto* m1 = std::get_if<Mamba1>(&kind.mixer)) {
      found = indivisible(kMambaWidth, kBuild, m1->inner, tp, "Mamba columns do", kTp);
    } else if (const auto* g = std::get_if<GatedDelta>(&kind.mixer)) {
      found =
          indivisible(kLinearHeads, kBuild, g->key_heads, tp, "linear-attention key heads do", kTp);
      if (!found) {
        found = indivisible(kLinearHeads, kBuild, g->value_heads, tp,
                            "linear-attention value heads do", kTp);
      }
    }
    if (found) return found;
  }
  return std::nullopt;
}

EngineVerdict check_shape(const Question& question) {
  require_sizes(question.plan);
  constexpr auto kRules = std::to_array({check_configuration, check_matrices, check_experts,
                                         check_quantization, check_vision, check_mixers});
  EngineVerdict verdict = accepted_verdict();
  for (const auto rule : kRules) {
    if (auto found = rule(question, verdict.remarks)) {
      verdict.accepted = false;
      verdict.refusal = std::move(*found);
      break;
    }
  }
  return verdict;
}

EngineVerdict Rules::check_shape(const Model& model, ParallelPlan plan,
                                 const ServingLimits& limits) const {
  const bool whole = limits.encoder_data_parallel && encoder_runs_whole(model);
  return vllm::check_shape(Question{model, plan, version_, whole});
}

}  // namespace headroom::vllm
