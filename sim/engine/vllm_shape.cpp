#include "sim/core/assert.hpp"
#include "sim/engine/verdict.hpp"
#include "sim/engine/vllm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <variant>

namespace headroom::vllm {
namespace {

/// config/model.py verify_with_parallel_config.
EngineVerdict check_configuration(const Model& model, ParallelPlan plan) {
  constexpr auto kPhase = Refusal::Phase::configuration;
  EngineVerdict verdict =
      divides(kHeads, kPhase, model.text.heads(), plan.tp, "attention heads do");
  if (!verdict.accepted) return verdict;
  if (plan.pp > 1 && !model.supports_pipeline) {
    return refused_verdict(
        kPipelineSupport, kPhase,
        fmt::format("{} does not implement pipeline stages, so pipeline parallel size {} "
                    "cannot start",
                    model.architecture, plan.pp));
  }
  // The engine lets this pass and then builds stages without layers: treated as invalid.
  if (plan.pp > model.text.layers()) {
    return refused_verdict(kPipelineLayers, kPhase,
                           fmt::format("{} layers are fewer than pipeline parallel size {}",
                                       model.text.layers(), plan.pp));
  }
  return verdict;
}

/// model_executor/layers/linear.py QKVParallelLinear: heads split evenly, or each is held by the
/// same number of ranks.
EngineVerdict check_kv_heads(std::int64_t kv_heads, int tp) {
  if (kv_heads >= tp) {
    return divides(kKvHeads, Refusal::Phase::model_build, kv_heads, tp, "KV heads do");
  }
  if (tp % kv_heads != 0) {
    return refused_verdict(
        kKvHeads, Refusal::Phase::model_build,
        fmt::format("{} KV heads cannot be copied evenly to tensor parallel size {} "
                    "({} mod {} = {})",
                    kv_heads, tp, tp, kv_heads, tp % kv_heads));
  }
  return accepted_verdict();
}

}  // namespace

std::int64_t padded_vocab(std::int64_t vocab) { return (vocab + 63) / 64 * 64; }

// distributed/utils.py get_pp_indices: what is left over goes to the stages before the last, from
// the back, because the last one carries the LM head too.
std::vector<std::int64_t> stage_layers(std::int64_t layers, int pp) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(pp), layers / pp);
  const auto left = static_cast<std::size_t>(layers % pp);
  for (std::size_t i = 0; i < left; ++i) ++out[out.size() - 2 - i];
  return out;
}

EngineVerdict check_shape(const Model& model, ParallelPlan plan) {
  HEADROOM_ASSERT(plan.tp >= 1 && plan.pp >= 1,
                  fmt::format("parallel sizes {} x {}: each is at least 1", plan.tp, plan.pp));
  constexpr auto kBuild = Refusal::Phase::model_build;
  EngineVerdict verdict = check_configuration(model, plan);
  for (const LayerKind& kind : model.text.kinds) {
    const Attention* attention = kind.attention();
    if (!verdict.accepted || attention == nullptr || attention->latent) continue;
    verdict = check_kv_heads(attention->kv_heads, plan.tp);
  }
  if (verdict.accepted) {
    verdict = divides(kVocab, kBuild, padded_vocab(model.text.vocab), plan.tp,
                      "vocabulary rows (padded to 64) do");
  }
  for (const LayerKind& kind : model.text.kinds) {
    const Mlp* mlp = std::get_if<Mlp>(&kind.mlp);
    if (!verdict.accepted || mlp == nullptr) continue;
    verdict = divides(kMlpWidth, kBuild, mlp->width, plan.tp, "columns of the MLP do");
  }
  if (verdict.accepted && model.vision) {
    verdict =
        divides(kVisionHeads, kBuild, model.vision->heads, plan.tp, "heads of the vision tower do");
  }
  if (verdict.accepted && model.vision) {
    verdict = divides(kVisionMlpWidth, kBuild, model.vision->mlp_width, plan.tp,
                      "columns of the vision tower's MLP do");
  }
  return verdict;
}

EngineVerdict Rules::check_shape(const Model& model, ParallelPlan plan) const {
  return vllm::check_shape(model, plan);
}

std::string Rules::command(const Model& model, ParallelPlan plan,
                           const ServingLimits& limits) const {
  std::string out = fmt::format("vllm serve {}", model.hub_id);
  if (plan.tp > 1) out += fmt::format(" --tensor-parallel-size {}", plan.tp);
  if (plan.pp > 1) out += fmt::format(" --pipeline-parallel-size {}", plan.pp);
  if (plan.dp > 1) out += fmt::format(" --data-parallel-size {}", plan.dp);
  if (plan.ep) out += " --enable-expert-parallel";
  out += fmt::format(
      " --max-model-len {} --max-num-seqs {} --max-num-batched-tokens {}"
      " --gpu-memory-utilization {}",
      limits.context, limits.sequences, limits.batched_tokens,
      static_cast<double>(limits.utilisation_ppm) / 1e6);
  if (limits.kv_cache == KvCacheType::fp8) out += " --kv-cache-dtype fp8";
  if (limits.encoder_data_parallel) out += " --mm-encoder-tp-mode data";
  return out;
}

std::span<const EngineRules::RuleInfo> Rules::rules() const {
  using Phase = Refusal::Phase;
  static const std::array<RuleInfo, 10> kRules{
      RuleInfo{std::string(kHeads), "query heads divide by the tensor parallel size",
               "config/model.py ModelConfig.verify_with_parallel_config", Phase::configuration},
      RuleInfo{std::string(kPipelineSupport), "the model class implements pipeline stages",
               "the same, and SupportsPP of the model classes", Phase::configuration},
      RuleInfo{
          std::string(kPipelineLayers),
          "every pipeline stage has a layer (the engine lets it pass, and builds empty stages)",
          "distributed/utils.py get_pp_indices", Phase::configuration},
      RuleInfo{std::string(kKvHeads), "KV heads split over, or are copied evenly to, all ranks",
               "model_executor/layers/linear.py QKVParallelLinear", Phase::model_build},
      RuleInfo{std::string(kVocab), "the vocabulary, padded to 64, divides",
               "model_executor/layers/vocab_parallel_embedding.py", Phase::model_build},
      RuleInfo{std::string(kMlpWidth), "the MLP width divides",
               "model_executor/layers/linear.py MergedColumnParallelLinear, RowParallelLinear",
               Phase::model_build},
      RuleInfo{std::string(kVisionHeads), "the vision tower's heads divide",
               "the vision models, such as model_executor/models/siglip.py", Phase::model_build},
      RuleInfo{std::string(kVisionMlpWidth), "the vision tower's MLP width divides", "the same",
               Phase::model_build},
      RuleInfo{std::string(kNoCacheMemory), "memory is left for a KV cache on every GPU",
               "v1/core/kv_cache_utils.py", Phase::memory},
      RuleInfo{std::string(kMaxLength), "one sequence of full length fits the KV cache",
               "v1/core/kv_cache_utils.py _check_enough_kv_cache_memory", Phase::memory},
  };
  return kRules;
}

}  // namespace headroom::vllm
