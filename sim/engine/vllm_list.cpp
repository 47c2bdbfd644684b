#include "sim/core/nearest.hpp"
#include "sim/engine/verdict.hpp"
#include "sim/engine/vllm_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace headroom::vllm {
namespace {

using Phase = Refusal::Phase;
using RuleInfo = EngineRules::RuleInfo;
using RemarkInfo = EngineRules::RemarkInfo;

constexpr std::array<std::string_view, 2> kVersions{"0.21", "0.10"};

RuleInfo rule(std::string_view id, Phase phase, std::string description, std::string source) {
  return {std::string(id), std::move(description), std::move(source), phase};
}

std::vector<RuleInfo> shape_rules() {
  constexpr auto kConfiguration = Phase::configuration;
  constexpr auto kBuild = Phase::model_build;
  return {
      rule(kHeads, kConfiguration, "`H mod t = 0`",
           "`config/model.py` `ModelConfig.verify_with_parallel_config`"),
      rule(kExpertParallel, kConfiguration,
           "expert parallelism is not asked for, or the model has routed experts", "the same"),
      rule(kPipelineSupport, kConfiguration,
           "`p = 1`, or the model class implements pipeline stages",
           "the same, and `SupportsPP` of the model classes"),
      rule(kPipelineLayers, kConfiguration,
           "`p <= L`; the engine itself lets more pass and builds stages without layers",
           "`distributed/utils.py` `get_pp_indices`"),
      rule(kKvHeads, kBuild,
           "in every attention layer but latent ones: `K mod t = 0` where `K >= t`, else "
           "`t mod K = 0`",
           "`model_executor/layers/linear.py` `QKVParallelLinear`"),
      rule(kVocab, kBuild, "`V mod t = 0`, `V` = vocabulary rounded up to 64",
           "`model_executor/layers/vocab_parallel_embedding.py`"),
      rule(kMlpWidth, kBuild, "`I mod t = 0` for every dense MLP and for shared experts",
           "`model_executor/layers/linear.py` merged column and row parallel layers"),
      rule(kExpertWidth, kBuild, "expert parallelism, or `Im mod (t x dp) = 0`",
           "`layers/fused_moe/config.py` `FusedMoEParallelConfig.make`"),
      rule(kExpertCount, kBuild,
           "`t <= E` in the classes that ask for it: Qwen2-MoE, Qwen3-MoE, Qwen3-Next, MiMo-V2, "
           "MiniMax-M2, Hunyuan, Step3, ERNIE-4.5, LFM2-MoE",
           "those model classes"),
      rule(kFp8Block, kBuild,
           "FP8 in blocks: inputs of row parallel layers, outputs of column parallel ones and "
           "columns of experts are whole blocks on each rank. Fused layers (QKV, gate and up) are "
           "exempt from v0.21 on",
           "`layers/quantization/utils/fp8_utils.py` `validate_fp8_block_shape`, "
           "`layers/linear.py` `_maybe_allow_fp8_block_shape_mismatch`"),
      rule(kFp8Modelopt, kBuild, "ModelOpt's FP8 in blocks: outputs and inputs divide by 128",
           "`layers/quantization/modelopt.py`"),
      rule(kAwq, kBuild,
           "AWQ where Marlin does not take a layer: inputs of a rank are whole groups, outputs "
           "divide by 8",
           "`layers/quantization/awq.py`"),
      rule(kGptq, kBuild,
           "v0.10, GPTQ that Marlin has no kernel for: inputs of a rank are whole groups, outputs "
           "whole words",
           "`layers/quantization/gptq.py`"),
      rule(kMarlin, kBuild,
           "GPTQ and packed integers: outputs of a rank divide by 64, inputs by 128 and by the "
           "group. From v0.21 on a layer that Machete may take is only remarked",
           "`layers/quantization/utils/marlin_utils.py` `verify_marlin_supports_shape`"),
      rule(kMoeGroup, kBuild,
           "experts of packed integers: `Im` of a rank and `h` divide by the group, or by a half "
           "of it down to 32",
           "`check_moe_marlin_supports_layer`, `layers/quantization/moe_wna16.py`"),
      rule(kMxfp8, kBuild, "MXFP8: inputs of a rank divide by 32",
           "`layers/quantization/modelopt.py`"),
      rule(kBitsAndBytes, kBuild, "bitsandbytes, 4 bits: weights of a rank fill whole bytes",
           "`layers/quantization/bitsandbytes.py`"),
      rule(kVisionHeads, kBuild,
           "heads of the vision tower `mod t = 0`, unless it runs data parallel or is InternViT",
           "the vision models, for example `model_executor/models/siglip.py`"),
      rule(kVisionMlpWidth, kBuild,
           "MLP width of the vision tower `mod t = 0`, unless it runs data parallel", "the same"),
      rule(kEncoderHeads, kBuild, "heads of audio and text encoders `mod t = 0`",
           "the models with such encoders, for example `model_executor/models/whisper.py`"),
      rule(kEncoderMlpWidth, kBuild, "MLP width of audio and text encoders `mod t = 0`",
           "the same"),
      rule(kLayerHeads, kBuild, "`H mod t = 0` in layers with heads of their own",
           "the attention classes of the models"),
      rule(kMambaHeads, kBuild, "Mamba-2: heads `mod t = 0`", "`layers/mamba/mamba_mixer2.py`"),
      rule(kMambaGroups, kBuild, "Mamba-2: groups `mod t = 0`, or one group", "the same"),
      rule(kMambaWidth, kBuild, "Mamba: inner width `mod t = 0`", "`layers/mamba/mamba_mixer.py`"),
      rule(kLinearHeads, kBuild, "gated delta net: key heads and value heads `mod t = 0`",
           "`model_executor/models/qwen3_next.py`"),
  };
}

std::vector<RuleInfo> all_rules() {
  std::vector<RuleInfo> rules = shape_rules();
  rules.push_back(rule(kContextLimit, Phase::configuration,
                       "the context is no longer than the model's `max_position_embeddings`",
                       "`config/model.py` `_get_and_verify_max_len` (recalled)"));
  rules.push_back(rule(kCapability, Phase::model_build,
                       "compute capability at least 7.5; v0.10: 7.0",
                       "the installation pages of v0.21 and of v0.5 to v0.14"));
  rules.push_back(rule(kQuantizationCapability, Phase::configuration,
                       "the compute capability that the method of quantization asks for",
                       "`get_min_capability` of the classes in `layers/quantization/`"));
  rules.push_back(rule(kQuantizationType, Phase::configuration,
                       "the method computes in the data type that the model is served in",
                       "`get_supported_act_dtypes` of the same"));
  rules.push_back(rule(kFp8Cache, Phase::model_build,
                       "no fp8 cache, or compute capability at least 8.0; v0.10: not established",
                       "the attention backends (Triton, FlashInfer, FlashAttention)"));
  rules.push_back(rule(kNoCacheMemory, Phase::memory, "memory is left for a KV cache on every GPU",
                       "`v1/core/kv_cache_utils.py`"));
  rules.push_back(rule(kMaxLength, Phase::memory,
                       "one sequence of full length fits the KV cache of every stage",
                       "`v1/core/kv_cache_utils.py` `_check_enough_kv_cache_memory`"));
  return rules;
}

std::vector<RemarkInfo> all_remarks() {
  const std::string none = "not established";
  return {
      remark_info(kOddSize, "unverified: `t` is not a power of two", "seldom run by anybody"),
      remark_info(kReplicas,
                  "fallback: data parallel replicas of a model without experts share nothing",
                  "`config/parallel.py`"),
      remark_info(kManyRanks,
                  "unknown: more ranks than experts, in a class not known to refuse them", none),
      remark_info(kKernelChoice,
                  "unknown or fallback: another kernel than usual serves quantized weights",
                  "`layers/quantization/`, or " + none),
      remark_info(kEncoderMode,
                  "fallback: the class cannot run its vision tower data parallel. Unknown on v0.10",
                  "`--mm-encoder-tp-mode`"),
      remark_info(kEncoderCopied, "fallback: attention of InternViT is whole on every rank",
                  "`model_executor/models/intern_vit.py`"),
      remark_info(kSixteenBits,
                  "fallback: served in another data type than the checkpoint's, float32 at worst",
                  "`config/model.py` `_resolve_auto_dtype`"),
      remark_info(kWeightOnly, "fallback: FP8 or FP4 weights, 16-bit arithmetic",
                  "`utils/marlin_utils_fp8.py`, `utils/marlin_utils_fp4.py`"),
      remark_info(kQuantizationCapability,
                  "unknown: what capability the method needs, or the GPU has", none),
      remark_info(kFp8Cache, "unknown: whether this GPU keeps an fp8 cache", none),
      remark_info(kCacheScheme,
                  "fallback: the checkpoint asks for an fp8 cache and gets one. Unknown on v0.10",
                  "`layers/attention/attention.py` `Attention.__init__`, `utils/torch_utils.py` "
                  "`resolve_kv_cache_dtype_string`"),
      remark_info(
          kFp8CacheAlone,
          "fallback: a cache of DeepSeek-V4 in fp8, which the command then asks for. v0.21",
          "`models/deepseek_v4` `_resolve_dsv4_kv_cache_dtype`, issue 47174 of its repository"),
      remark_info(kOldGpu, "unknown: whether an attention kernel serves the model below 8.0", none),
      remark_info(kCacheLayout, "unknown: how blocks of different sizes share a pool", none),
  };
}

}  // namespace

std::span<const std::string_view> versions() { return kVersions; }

Result<std::unique_ptr<EngineRules>> make_rules(std::string_view version,
                                                const MemoryOverheads& overheads) {
  if (version == "0.21") return std::make_unique<Rules>(overheads, Version::v0_21);
  if (version == "0.10") return std::make_unique<Rules>(overheads, Version::v0_10);
  return fail(fmt::format("the rules of vllm are known for releases {}, not for '{}'",
                          fmt::join(kVersions, " and "), version.substr(0, 80)));
}

std::string_view Rules::name() const { return version_ == Version::v0_10 ? "vllm@0.10" : "vllm"; }

std::span<const EngineRules::RuleInfo> Rules::rules() const {
  static const std::vector<RuleInfo> kRules = all_rules();
  return kRules;
}

std::span<const EngineRules::RemarkInfo> Rules::remarks() const {
  static const std::vector<RemarkInfo> kRemarks = all_remarks();
  return kRemarks;
}

std::string Rules::command(const Model& model, const Start& start) const {
  const ParallelPlan plan = start.plan;
  const ServingLimits& limits = start.limits;
  std::string out;
  // envs.py and distributed/utils.py get_pp_indices.
  if (plan.balanced) {
    out = fmt::format("VLLM_PP_LAYER_PARTITION={} ", fmt::join(start.layers, ","));
  }
  out += fmt::format("vllm serve {}", model.hub_id);
  if (plan.tp > 1) out += fmt::format(" --tensor-parallel-size {}", plan.tp);
  if (plan.pp > 1) out += fmt::format(" --pipeline-parallel-size {}", plan.pp);
  if (plan.dp > 1) out += fmt::format(" --data-parallel-size {}", plan.dp);
  if (plan.ep) out += " --enable-expert-parallel";
  if (start.nodes > 1) out += " --distributed-executor-backend ray";
  out += fmt::format(
      " --max-model-len {} --max-num-seqs {} --max-num-batched-tokens {}"
      " --gpu-memory-utilization {}",
      limits.context, limits.sequences, limits.batched_tokens,
      static_cast<double>(share(limits)) / 1e6);
  const bool fp8 = limits.kv_cache == KvCacheType::fp8 ||
                   (version_ != Version::v0_10 && has_fp8_cache_alone(model));
  if (fp8) out += " --kv-cache-dtype fp8";
  if (limits.encoder_data_parallel && model.vision && encoder_runs_whole(model)) {
    out += version_ == Version::v0_10 ? " --enable-multimodal-encoder-data-parallel"
                                      : " --mm-encoder-tp-mode data";
  }
  return out;
}

std::string Rules::preparation(const Start& start) const {
  if (start.nodes == 1) return "";
  return fmt::format(
      "Start Ray on the nodes (ray start --head on the first, ray start --address=FIRST:6379 on "
      "the "
      "other{}), then run the command on the first.",
      start.nodes > 2 ? "s" : "");
}

}  // namespace headroom::vllm
