#include "sim/engine/shared_rules.hpp"
#include "sim/engine/verdict.hpp"
#include "sim/engine/vllm_linear.hpp"
#include "sim/engine/vllm_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace headroom::vllm {
namespace {

using Scheme = Quantization::Scheme;

constexpr std::int64_t kMarlinOut = 64;  // min_thread_n
constexpr std::int64_t kMarlinIn = 128;  // min_thread_k
constexpr std::int64_t kMacheteOut = 128;
constexpr std::int64_t kMacheteIn = 64;
constexpr std::int64_t kModelOptBlock = 128;
constexpr std::int64_t kMxfp8Block = 32;
constexpr std::int64_t kSmallestMoeGroup = 32;

Finding refuse(std::string_view rule, std::string sentence) {
  return Refusal{std::string(rule), std::move(sentence), Refusal::Phase::model_build};
}

/// "the 1600 inputs of mlp.down_proj on each rank are not a multiple of the FP8 block of 128".
std::string not_multiple(std::int64_t size, std::string_view what, std::string_view where,
                         std::string_view unit, std::int64_t of) {
  return fmt::format("the {} {} of {} on each rank are not a multiple of {} {} ({} mod {} = {})",
                     size, what, where, unit, of, size, of, size % of);
}

/// How many ranks cut each routed expert.
int expert_slices(ParallelPlan plan) { return plan.ep ? 1 : plan.tp * plan.dp; }

// --- FP8 in blocks: quantization/utils/fp8_utils.py validate_fp8_block_shape ---

/// Outputs that must be whole blocks. A fused layer that is not cut may end in a part of a block.
std::span<const std::int64_t> outputs_to_check(const LinearLayer& layer, const Question& q) {
  const std::span<const std::int64_t> outs(layer.outs);
  const bool cut = q.plan.tp > 1 && layer.split != Split::whole && layer.split != Split::rows;
  if (cut) return outs;
  return layer.fused() ? outs.first(outs.size() - 1) : std::span<const std::int64_t>{};
}

Finding check_fp8_layer(const LinearLayer& layer, const Question& q, Remarks& remarks) {
  const Quantization& scheme = q.model.quantization;
  if (layer.split == Split::rows) {
    if (q.plan.tp == 1 || layer.in % scheme.block_in == 0) return std::nullopt;
    return refuse(kFp8Block, not_multiple(layer.in, "inputs", layer.name, "the FP8 block of",
                                          scheme.block_in));
  }
  for (const std::int64_t out : outputs_to_check(layer, q)) {
    if (out % scheme.block_out == 0) continue;
    // layers/linear.py _maybe_allow_fp8_block_shape_mismatch, absent before.
    if (layer.fused() && q.version != Version::v0_10) return std::nullopt;
    if (layer.name.starts_with("linear_attn.")) {
      remark(remarks, Remark::Kind::unknown, kKernelChoice,
             fmt::format("whether {} counts as a fused layer, whose {} outputs need not be whole "
                         "FP8 blocks, is not established",
                         layer.name, out));
      return std::nullopt;
    }
    return refuse(kFp8Block,
                  not_multiple(out, "outputs", layer.name, "the FP8 block of", scheme.block_out));
  }
  return std::nullopt;
}

// quantization/fp8.py, compressed_tensors_moe_w8a8_fp8.py create_weights.
Finding check_fp8_experts(const Experts& experts, const Question& q) {
  const Quantization& scheme = expert_scheme(q.model);
  const int slices = expert_slices(q.plan);
  const std::int64_t width = experts.width / slices;
  if (width % scheme.block_out != 0) {
    return refuse(kFp8Block, not_multiple(width, "gate and up outputs", "each expert",
                                          "the FP8 block of", scheme.block_out));
  }
  if (slices > 1 && width % scheme.block_in != 0) {
    return refuse(kFp8Block, not_multiple(width, "down inputs", "each expert", "the FP8 block of",
                                          scheme.block_in));
  }
  return std::nullopt;
}

// quantization/modelopt.py: blocks of FP8_PB_WO have no exemption.
Finding check_modelopt_layer(const LinearLayer& layer) {
  if (layer.out() % kModelOptBlock != 0) {
    return refuse(kFp8Modelopt, not_multiple(layer.out(), "outputs", layer.name,
                                             "ModelOpt's FP8 block of", kModelOptBlock));
  }
  if (layer.in % kModelOptBlock != 0) {
    return refuse(kFp8Modelopt, not_multiple(layer.in, "inputs", layer.name,
                                             "ModelOpt's FP8 block of", kModelOptBlock));
  }
  return std::nullopt;
}

// --- integers in groups ---

/// quantization/utils/marlin_utils.py verify_marlin_supports_shape: what Marlin has against a
/// layer.
Finding marlin_against(const LinearLayer& layer, const Quantization& scheme) {
  if (layer.out() % kMarlinOut != 0) {
    return refuse(kMarlin,
                  not_multiple(layer.out(), "outputs", layer.name, "Marlin's tile of", kMarlinOut));
  }
  if (layer.in % kMarlinIn != 0) {
    return refuse(kMarlin,
                  not_multiple(layer.in, "inputs", layer.name, "Marlin's tile of", kMarlinIn));
  }
  if (scheme.group > 0 && layer.in % scheme.group != 0) {
    return refuse(kMarlin,
                  not_multiple(layer.in, "inputs", layer.name, "the group of", scheme.group));
  }
  return std::nullopt;
}

/// The plain kernels: quantization/awq.py, quantization/gptq.py.
Finding check_plain_layer(const LinearLayer& layer, const Quantization& scheme,
                          std::string_view rule) {
  if (scheme.group > 0 && layer.in % scheme.group != 0) {
    return refuse(rule, not_multiple(layer.in, "inputs", layer.name, "the group of", scheme.group));
  }
  const std::int64_t pack = 32 / std::gcd<std::int64_t>(32, scheme.bits);
  if (layer.out() % pack != 0) {
    return refuse(rule, not_multiple(layer.out(), "outputs", layer.name,
                                     "the weights packed in one word,", pack));
  }
  return std::nullopt;
}

Finding check_awq_layer(const LinearLayer& layer, const Question& q, Remarks& remarks) {
  const Quantization& scheme = q.model.quantization;
  const bool fits = marlin_takes(scheme) && !marlin_against(layer, scheme);
  if (fits) return std::nullopt;
  if (auto found = check_plain_layer(layer, scheme, kAwq)) return found;
  remark(remarks, Remark::Kind::fallback, kKernelChoice,
         fmt::format("Marlin does not take {} at this size: the engine goes on with its plain AWQ "
                     "kernels",
                     layer.name));
  return std::nullopt;
}

/// Layers of GPTQ and compressed-tensors.
Finding check_packed_layer(const LinearLayer& layer, const Question& q, Remarks& remarks) {
  const Quantization& scheme = q.model.quantization;
  if (!marlin_takes(scheme)) {
    if (scheme.scheme == Scheme::gptq && q.version == Version::v0_10) {
      return check_plain_layer(layer, scheme, kGptq);
    }
    remark(
        remarks, Remark::Kind::unknown, kKernelChoice,
        fmt::format("Marlin does not take {} bits in groups of {}: which kernel serves them, and "
                    "what it asks of shapes, is not established",
                    scheme.bits, scheme.group));
    return std::nullopt;
  }
  auto found = marlin_against(layer, scheme);
  if (!found) return found;
  // quantization/utils/machete_utils.py: tiles of another form, on Hopper alone.
  const bool whole_groups = scheme.group <= 0 || layer.in % scheme.group == 0;
  const bool machete = q.version != Version::v0_10 && whole_groups && layer.in % kMacheteIn == 0 &&
                       layer.out() % kMacheteOut == 0;
  if (!machete) return found;
  remark(remarks, Remark::Kind::unknown, kKernelChoice,
         fmt::format("Marlin does not take {} at this size; Machete may, and which GPUs have it is "
                     "not established",
                     layer.name));
  return std::nullopt;
}

// check_moe_marlin_supports_layer, then moe_wna16.py, which halves the group until it divides.
Finding check_packed_experts(const Experts& experts, const Question& q, Remarks& remarks) {
  const Quantization& scheme = expert_scheme(q.model);
  const std::int64_t hidden = expert_inputs(q.model, experts);
  const std::int64_t width = experts.width / expert_slices(q.plan);
  const bool marlin = marlin_takes(scheme) && hidden % kMarlinIn == 0 &&
                      width % std::max(kMarlinOut, scheme.group) == 0;
  if (marlin) return std::nullopt;
  if (scheme.group <= 0) {
    remark(remarks, Remark::Kind::unknown, kKernelChoice,
           "Marlin does not take the experts at this size, and what other kernels ask of weights "
           "with one scale per output is not established");
    return std::nullopt;
  }
  std::int64_t group = scheme.group;
  while (width % group != 0 || hidden % group != 0) {
    if (group / 2 < kSmallestMoeGroup) {
      return refuse(kMoeGroup,
                    fmt::format("{} columns of each expert on each rank and {} inputs are no whole "
                                "groups of {}, nor of a half of it down to {}",
                                width, hidden, scheme.group, kSmallestMoeGroup));
    }
    group /= 2;
  }
  remark(remarks, Remark::Kind::fallback, kKernelChoice,
         "Marlin does not take the experts at this size: the engine goes on with its moe_wna16 "
         "kernels");
  return std::nullopt;
}

// --- by scheme ---

Finding check_layer(const LinearLayer& layer, const Question& q, Remarks& remarks) {
  const Quantization& scheme = q.model.quantization;
  switch (scheme.scheme) {
    case Scheme::fp8_block:
      return scheme.method == "modelopt" ? check_modelopt_layer(layer)
                                         : check_fp8_layer(layer, q, remarks);
    case Scheme::awq:
      return check_awq_layer(layer, q, remarks);
    case Scheme::gptq:
    case Scheme::integer:
      return check_packed_layer(layer, q, remarks);
    case Scheme::mxfp8:
      if (layer.in % kMxfp8Block == 0) return std::nullopt;
      return refuse(
          kMxfp8, not_multiple(layer.in, "inputs", layer.name, "the MXFP8 block of", kMxfp8Block));
    case Scheme::bnb_4bit:
      if (layer.in * layer.out() % 2 == 0) return std::nullopt;
      return refuse(kBitsAndBytes,
                    fmt::format("the {} x {} weights of {} on each rank do not fill whole bytes",
                                layer.out(), layer.in, layer.name));
    default:
      return std::nullopt;  // FP8 with a scale per matrix or output, INT8, MXFP4, NVFP4
  }
}

Finding check_experts_of(const Experts& experts, const Question& q, Remarks& remarks) {
  const Quantization& scheme = expert_scheme(q.model);
  const std::int64_t width = experts.width / expert_slices(q.plan);
  switch (scheme.scheme) {
    case Scheme::fp8_block:
      return check_fp8_experts(experts, q);
    case Scheme::awq:
    case Scheme::gptq:
    case Scheme::integer:
      return check_packed_experts(experts, q, remarks);
    case Scheme::mxfp8:
      for (const std::int64_t size : {expert_inputs(q.model, experts), width}) {
        if (size % kMxfp8Block == 0) continue;
        return refuse(
            kMxfp8, not_multiple(size, "inputs", "each expert", "the MXFP8 block of", kMxfp8Block));
      }
      return std::nullopt;
    default:
      return std::nullopt;  // MXFP4 pads: shard_sizes
  }
}

}  // namespace

bool marlin_takes(const Quantization& q) {
  const bool group = q.group <= 0 || q.group == 32 || q.group == 64 || q.group == 128;
  return group && (q.bits == 4 || (q.bits == 8 && q.scheme != Scheme::awq));
}

Finding check_quantization(const Question& q, Remarks& remarks) {
  const ShardSizes sizes = shard_sizes(q.plan);
  for (const LayerKind& kind : q.model.text.kinds) {
    for (const LinearLayer& layer : quantized_layers(q.model, kind, sizes)) {
      if (auto found = check_layer(layer, q, remarks)) return found;
    }
    if (const Experts* experts = quantized_experts(q.model, kind)) {
      if (auto found = check_experts_of(*experts, q, remarks)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace headroom::vllm
