#include "sim/core/whole.hpp"
#include "sim/engine/saturating.hpp"
#include "sim/engine/shared_rules.hpp"
#include "sim/engine/stage_budget.hpp"
#include "sim/engine/vllm_linear.hpp"
#include "sim/engine/vllm_rules.hpp"

#include <algorithm>
#include <cmath>

namespace headroom::vllm {
namespace {

/// What loading adds to a layer's tensors.
Bytes loading_bytes(const Model& model, const LayerKind& kind, int tp) {
  Bytes bytes = 0;
  const Attention* attention = kind.attention();
  const bool latent = attention != nullptr && attention->latent;
  const Quantization& scheme = model.quantization;
  const bool act_order =
      tp > 1 && scheme.scheme == Quantization::Scheme::gptq && scheme.act_order && scheme.group > 0;
  if (!scheme.quantized() || !(latent || act_order)) return 0;
  for (const Tensor& tensor : layer_tensors(model.text, kind)) {
    if (!is_quantized(model, kind, tensor)) continue;
    // The latent's projections are kept once more, in 16 bits, to be absorbed into queries and
    // values. Where they are in 16 bits anyway, those are the same memory.
    if (latent && tensor.name.ends_with("kv_b_proj")) {
      bytes += divide_up(tensor.elements(), tp) * model.dtype_bytes;
    }
    // marlin_utils.py marlin_repeat_scales_on_all_ranks.
    if (act_order && tensor.split == Split::rows) {
      const std::int64_t all = divide_up(tensor.in, scheme.group);
      bytes += (all - divide_up(divide_up(tensor.in, tp), scheme.group)) * tensor.out * 2;
    }
  }
  return bytes;
}

/// Parameters of the vision tower's attention: four square matrices with bias.
std::int64_t encoder_attention(const VisionArch& vision) {
  return vision.layers * 4 * (vision.hidden * vision.hidden + vision.hidden);
}

}  // namespace

ShardSizes shard_sizes(ParallelPlan plan) {
  const int ranks = plan.tp * plan.dp;
  return {plan.tp, plan.ep ? 1 : ranks, plan.ep ? ranks : 1, kVocabPadding};
}

// fused_moe/oracle/mxfp4.py: which kernel, and mxfp4_round_up_hidden_size_and_intermediate_size.
ShardSizes shard_sizes(const Model& model, ParallelPlan plan, const GpuType& gpu) {
  ShardSizes sizes = shard_sizes(plan);
  if (expert_scheme(model).scheme != Quantization::Scheme::mxfp4) return sizes;
  const int capability = gpu.compute_capability;
  if (capability >= 100 && capability < 110) {  // FlashInfer, TensorRT-LLM's kernels
    sizes.expert_width_padding = 256;
    sizes.expert_hidden_padding = 256;
  } else if (capability >= 90 && capability < 100) {  // Triton
    sizes.expert_width_padding = 64;
  } else {  // Marlin
    sizes.expert_width_padding = 128;
    sizes.expert_hidden_padding = 256;
  }
  return sizes;
}

StageWeights rank_weights(const Model& model, ParallelPlan plan, const GpuType& gpu,
                          const StageLayers& stage, bool whole_encoder) {
  const bool copied = copies_encoder_attention(model, plan.tp);
  StageWeights weights = stage_weights(model, shard_sizes(model, plan, gpu), stage, whole_encoder,
                                       copied ? encoder_attention(*model.vision) : 0);
  std::vector<Bytes> added;
  for (const LayerKind& kind : model.text.kinds) {
    added.push_back(loading_bytes(model, kind, plan.tp));
  }
  for (std::int64_t i = stage.first; i < stage.first + stage.layers; ++i) {
    weights.total += added[model.text.kind_of_layer[static_cast<std::size_t>(i)]];
  }
  return weights;
}

Bytes activation_bytes(const Model& model, int tp, std::int64_t batched_tokens,
                       const MemoryOverheads& overheads) {
  const Attention* attention = model.text.main_attention();
  std::int64_t width = model.text.hidden;
  if (attention != nullptr) {
    width =
        attention->heads * (attention->latent ? attention->latent->value : attention->value_dim());
  }
  const auto& factors =
      model.text.has_experts() ? overheads.activation_factor_experts : overheads.activation_factor;
  const double bytes = static_cast<double>(model.dtype_bytes) *
                       static_cast<double>(batched_tokens) * static_cast<double>(width) *
                       factors[overhead_column(tp)];
  const Bytes rounded = bytes < static_cast<double>(kSaturated) ? std::llround(bytes) : kSaturated;
  return std::max(rounded, overheads.activation_floor);
}

}  // namespace headroom::vllm
