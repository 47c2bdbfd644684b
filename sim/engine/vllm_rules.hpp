#pragma once
// vLLM's rules one by one, for vllm*.cpp and their tests. Each answers with a refusal or nothing,
// and adds what the reader should know to the remarks.

#include "sim/engine/vllm.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::vllm {

inline constexpr std::string_view kHeads = "vllm.heads";
inline constexpr std::string_view kExpertParallel = "vllm.expert-parallel";
inline constexpr std::string_view kPipelineSupport = "vllm.pp-support";
inline constexpr std::string_view kPipelineLayers = "vllm.pp-layers";
inline constexpr std::string_view kContextLimit = "vllm.context-limit";
inline constexpr std::string_view kKvHeads = "vllm.kv-heads";
inline constexpr std::string_view kVocab = "vllm.vocab";
inline constexpr std::string_view kMlpWidth = "vllm.mlp-width";
inline constexpr std::string_view kExpertWidth = "vllm.expert-width";
inline constexpr std::string_view kExpertCount = "vllm.expert-count";
inline constexpr std::string_view kFp8Block = "vllm.fp8-block";
inline constexpr std::string_view kFp8Modelopt = "vllm.fp8-pb-wo";
inline constexpr std::string_view kAwq = "vllm.awq";
inline constexpr std::string_view kGptq = "vllm.gptq";
inline constexpr std::string_view kMarlin = "vllm.marlin";
inline constexpr std::string_view kMoeGroup = "vllm.moe-group";
inline constexpr std::string_view kMxfp8 = "vllm.mxfp8";
inline constexpr std::string_view kBitsAndBytes = "vllm.bitsandbytes";
inline constexpr std::string_view kVisionHeads = "vllm.vision-heads";
inline constexpr std::string_view kVisionMlpWidth = "vllm.vision-mlp-width";
inline constexpr std::string_view kEncoderHeads = "vllm.encoder-heads";
inline constexpr std::string_view kEncoderMlpWidth = "vllm.encoder-mlp-width";
inline constexpr std::string_view kLayerHeads = "vllm.layer-heads";
inline constexpr std::string_view kMambaHeads = "vllm.mamba-heads";
inline constexpr std::string_view kMambaGroups = "vllm.mamba-groups";
inline constexpr std::string_view kMambaWidth = "vllm.mamba-width";
inline constexpr std::string_view kLinearHeads = "vllm.linear-heads";
inline constexpr std::string_view kCapability = "vllm.capability";
inline constexpr std::string_view kQuantizationCapability = "vllm.quantization-capability";
inline constexpr std::string_view kQuantizationType = "vllm.quantization-type";
inline constexpr std::string_view kFp8Cache = "vllm.fp8-cache";
inline constexpr std::string_view kNoCacheMemory = "vllm.no-cache-memory";
inline constexpr std::string_view kMaxLength = "vllm.max-length";

// Remarks.
inline constexpr std::string_view kOddSize = "vllm.odd-size";
inline constexpr std::string_view kReplicas = "vllm.replicas";
inline constexpr std::string_view kManyRanks = "vllm.more-ranks-than-experts";
inline constexpr std::string_view kKernelChoice = "vllm.kernel-choice";
inline constexpr std::string_view kEncoderMode = "vllm.encoder-mode";
inline constexpr std::string_view kEncoderCopied = "vllm.encoder-copied";
inline constexpr std::string_view kSixteenBits = "vllm.data-type";
inline constexpr std::string_view kWeightOnly = "vllm.weight-only";
inline constexpr std::string_view kCacheScheme = "vllm.cache-scheme";
inline constexpr std::string_view kFp8CacheAlone = "vllm.fp8-cache-alone";
inline constexpr std::string_view kOldGpu = "vllm.attention-backend";
inline constexpr std::string_view kCacheLayout = "vllm.cache-layout";

/// What is asked: a model, how it is cut, by which release.
struct Question {
  const Model& model;
  ParallelPlan plan;
  Version version = Version::v0_21;
  bool whole_encoder = false;  // every rank runs the whole vision tower
  int capability = 0;          // of the GPU; 0 = not known
};

using Finding = std::optional<Refusal>;
using Remarks = std::vector<Remark>;

/// Adds a remark, unless one of this id is there already.
void remark(Remarks& remarks, Remark::Kind kind, std::string_view rule, std::string sentence);

// --- shapes, in the order in which they are asked ---

[[nodiscard]] Finding check_configuration(const Question& question, Remarks& remarks);
[[nodiscard]] Finding check_matrices(const Question& question, Remarks& remarks);
[[nodiscard]] Finding check_experts(const Question& question, Remarks& remarks);
[[nodiscard]] Finding check_quantization(const Question& question, Remarks& remarks);
[[nodiscard]] Finding check_vision(const Question& question, Remarks& remarks);
[[nodiscard]] Finding check_mixers(const Question& question, Remarks& remarks);
/// All of the above.
[[nodiscard]] EngineVerdict check_shape(const Question& question);

/// Whether vLLM's class can run the vision tower whole on every rank.
[[nodiscard]] bool encoder_runs_whole(const Model& model);
/// Whether the tower's attention is copied to all ranks, because its heads do not divide.
[[nodiscard]] bool copies_encoder_attention(const Model& model, int tp);

// --- what the GPU can do ---

/// Data type in which a model is served.
struct ServedType {
  std::string_view name;
  std::int64_t bytes = 2;
};
[[nodiscard]] ServedType served_type(const Question& question, Remarks& remarks);
[[nodiscard]] Finding check_gpu(const Question& question, const ServedType& type, KvCacheType cache,
                                Remarks& remarks);

/// Whether AWQ or GPTQ weights of this description have a Marlin kernel at all.
[[nodiscard]] bool marlin_takes(const Quantization& quantization);

}  // namespace headroom::vllm
