#include "sim/engine/vllm_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace headroom::vllm {
namespace {

using Scheme = Quantization::Scheme;

constexpr int kBf16 = 80;  // the first capability with bf16
constexpr int kFp8 = 89;   // with FP8 arithmetic
constexpr int kHopper = 90;
constexpr int kBlackwell = 100;  // with FP4 arithmetic

/// Model types that may not run in fp16: config/model.py _FLOAT16_NOT_SUPPORTED_MODELS.
constexpr std::array<std::string_view, 5> kNoFp16{"gemma2", "gemma3", "gemma3_text", "plamo2",
                                                  "glm4"};

std::string capability_text(int capability) {
  return fmt::format("{}.{}", capability / 10, capability % 10);
}

Finding refuse(std::string_view rule, Refusal::Phase phase, std::string sentence) {
  return Refusal{std::string(rule), std::move(sentence), phase};
}

/// Least capability that a method of quantization needs.
struct Minimum {
  int capability = 0;    // 0: not established
  int unsure_below = 0;  // between the two, sources disagree
};

Minimum compressed_tensors_minimum(Scheme scheme, bool old) {
  switch (scheme) {
    case Scheme::int8_channel:
      return {75};
    case Scheme::fp8_tensor:
    case Scheme::fp8_channel:
    case Scheme::fp8_block:
    case Scheme::integer:
    case Scheme::nvfp4:
      return {old ? 80 : 75};
    default:
      return {};
  }
}

/// get_min_capability of the configuration class, or of the scheme inside compressed-tensors.
Minimum minimum_of(const Quantization& q, Version version) {
  const bool old = version == Version::v0_10;
  const bool fp8 = q.scheme == Scheme::fp8_tensor || q.scheme == Scheme::fp8_channel ||
                   q.scheme == Scheme::fp8_block;
  if (q.method == "compressed-tensors") return compressed_tensors_minimum(q.scheme, old);
  if (q.method.starts_with("modelopt")) {
    if (fp8) return old ? Minimum{kFp8} : Minimum{80, kFp8};
    return q.scheme == Scheme::nvfp4 ? Minimum{old ? 80 : 75} : Minimum{};
  }
  if (q.method == "fbgemm_fp8") return old ? Minimum{80} : Minimum{};
  if (q.method == "fp8") return {old ? 80 : 75};
  if (q.scheme == Scheme::awq) return {75};
  if (q.scheme == Scheme::gptq) return old ? Minimum{60} : Minimum{75};
  if (q.scheme == Scheme::mxfp4) return {80};
  if (q.scheme == Scheme::bnb_4bit || q.scheme == Scheme::bnb_8bit) return {70};
  return {};
}

// config/vllm.py VllmConfig._get_quantization_config: the second half, get_supported_act_dtypes.
Finding check_served_type(const Question& q, const ServedType& type) {
  const Quantization& scheme = q.model.quantization;
  const bool bnb = scheme.scheme == Scheme::bnb_4bit || scheme.scheme == Scheme::bnb_8bit;
  // Before they were one class with Marlin's, the plain kernels computed in fp16 alone.
  const bool plain = q.version == Version::v0_10 && !marlin_takes(scheme) &&
                     (scheme.scheme == Scheme::awq || scheme.scheme == Scheme::gptq);
  std::string_view allowed = "bfloat16 and float16";
  bool refused = type.name == "float32" && !bnb;
  if (scheme.scheme == Scheme::mxfp4) {
    refused = type.name != "bfloat16";
    allowed = "bfloat16";
  } else if (plain) {
    refused = type.name != "float16";
    allowed = "float16";
  }
  if (!refused) return std::nullopt;
  return refuse(
      kQuantizationType, Refusal::Phase::configuration,
      fmt::format("a model quantized by '{}' is served in {}, and here it would run in {}",
                  scheme.method, allowed, type.name));
}

void remark_weight_only(const Question& q, const Quantization& scheme, Remarks& remarks) {
  const bool fp8 = scheme.scheme == Scheme::fp8_tensor || scheme.scheme == Scheme::fp8_channel ||
                   scheme.scheme == Scheme::fp8_block;
  if (fp8 && q.capability < kFp8) {
    remark(
        remarks, Remark::Kind::fallback, kWeightOnly,
        fmt::format("compute capability {} has no FP8 arithmetic: weights stay in 8 bits and are "
                    "multiplied in 16 (Marlin)",
                    capability_text(q.capability)));
    if (q.version == Version::v0_10 && q.model.text.has_experts()) {
      remark(remarks, Remark::Kind::unknown, kKernelChoice,
             "whether FP8 experts start below compute capability 8.9 is not established: Triton's "
             "kernels have failed there");
    }
  }
  if (scheme.scheme == Scheme::nvfp4 && q.capability < kBlackwell) {
    remark(
        remarks, Remark::Kind::fallback, kWeightOnly,
        fmt::format("compute capability {} has no FP4 arithmetic: weights stay in 4 bits and are "
                    "multiplied in 16 (Marlin)",
                    capability_text(q.capability)));
  }
  if (scheme.scheme == Scheme::int8_channel && q.capability >= kBlackwell) {
    remark(
        remarks, Remark::Kind::unknown, kKernelChoice,
        "the engine's documentation leaves INT8 out from compute capability 10.0 on; what it does "
        "there is not established");
  }
  if (scheme.scheme == Scheme::mxfp4 && q.version == Version::v0_10) {
    remark(remarks, Remark::Kind::unknown, kKernelChoice,
           "MXFP4 came with v0.10.1: v0.10.0 is not known to start it");
  }
}

Finding check_method(const Question& q, const ServedType& type, Remarks& remarks) {
  const Quantization& scheme = q.model.quantization;
  if (!scheme.quantized()) return std::nullopt;
  if (q.capability == 0) {
    remark(
        remarks, Remark::Kind::unknown, kQuantizationCapability,
        fmt::format("the GPU's compute capability is not known: whether it can serve '{}' was not "
                    "asked",
                    scheme.method));
    return std::nullopt;
  }
  const Minimum minimum = minimum_of(scheme, q.version);
  if (minimum.capability > 0 && q.capability < minimum.capability) {
    return refuse(kQuantizationCapability, Refusal::Phase::configuration,
                  fmt::format("quantization '{}' needs compute capability {}, and the GPU has {}",
                              scheme.method, capability_text(minimum.capability),
                              capability_text(q.capability)));
  }
  if (minimum.capability == 0 || q.capability < minimum.unsure_below) {
    remark(
        remarks, Remark::Kind::unknown, kQuantizationCapability,
        fmt::format("the compute capability that quantization '{}' ({}) needs is not established "
                    "for {}",
                    scheme.method, describe(scheme), capability_text(q.capability)));
  }
  if (auto found = check_served_type(q, type)) return found;
  remark_weight_only(q, scheme, remarks);
  if (q.model.expert_quantization) remark_weight_only(q, *q.model.expert_quantization, remarks);
  return std::nullopt;
}

Finding check_fp8_cache(const Question& q, Remarks& remarks) {
  const bool old = q.version == Version::v0_10;
  if (q.capability == 0 || (old && q.capability < kHopper)) {
    remark(remarks, Remark::Kind::unknown, kFp8Cache,
           q.capability == 0
               ? "the GPU's compute capability is not known: whether it can keep an fp8 cache was "
                 "not asked"
               : "whether v0.10 starts with an fp8 cache below compute capability 9.0 is not "
                 "established");
    return std::nullopt;
  }
  if (q.capability >= kBf16) return std::nullopt;
  return refuse(kFp8Cache, Refusal::Phase::model_build,
                fmt::format("no attention kernel keeps an fp8 cache below compute capability 8.0, "
                            "and the GPU has {}",
                            capability_text(q.capability)));
}

}  // namespace

// platforms/cuda.py supported_dtypes; config/model.py _resolve_auto_dtype.
ServedType served_type(const Question& q, Remarks& remarks) {
  const Model& model = q.model;
  const bool bf16 = q.capability == 0 || q.capability >= kBf16;
  const bool fp16 = std::find(kNoFp16.begin(), kNoFp16.end(), model.model_type) == kNoFp16.end();
  const ServedType best = bf16   ? ServedType{"bfloat16", 2}
                          : fp16 ? ServedType{"float16", 2}
                                 : ServedType{"float32", 4};
  if (model.dtype == "bfloat16" && bf16) return best;
  if (model.dtype == "float16" && fp16) return {"float16", 2};
  if (model.dtype != "bfloat16" && model.dtype != "float16" && model.dtype != "float32") {
    return {model.dtype, model.dtype_bytes};
  }
  remark(remarks, Remark::Kind::fallback, kSixteenBits,
         fmt::format("the checkpoint's {} is served in {}{}{}", model.dtype, best.name,
                     bf16 ? ""
                          : fmt::format(": compute capability {} has no bfloat16",
                                        capability_text(q.capability)),
                     fp16 ? ""
                          : fmt::format("{} model type '{}' may not run in float16",
                                        bf16 ? ":" : ", and", model.model_type)));
  return best;
}

Finding check_gpu(const Question& q, const ServedType& type, KvCacheType cache, Remarks& remarks) {
  const int least = q.version == Version::v0_10 ? 70 : 75;
  if (q.capability > 0 && q.capability < least) {
    return refuse(
        kCapability, Refusal::Phase::model_build,
        fmt::format("the engine is built for compute capability {} on, and the GPU has {}",
                    capability_text(least), capability_text(q.capability)));
  }
  if (auto found = check_method(q, type, remarks)) return found;
  if (cache == KvCacheType::fp8) {
    if (auto found = check_fp8_cache(q, remarks)) return found;
  }
  if (q.capability > 0 && q.capability < kBf16) {
    remark(remarks, Remark::Kind::unknown, kOldGpu,
           fmt::format("whether an attention kernel of the engine serves this model on compute "
                       "capability {} is not established",
                       capability_text(q.capability)));
  }
  return std::nullopt;
}

}  // namespace headroom::vllm
