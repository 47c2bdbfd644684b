#pragma once
// SGLang's rules, read from its source at release v0.5.17, revision 294816854627 (August 2026);
// none was executed. Paths in comments are relative to python/sglang/srt/ of its repository.
//
// SGLang's own --tp is the width of a stage: tp x dp of a ParallelPlan. A plan with dp > 1 is its
// data parallel attention, one with ep has an --ep of the whole width.

#include "sim/engine/engine.hpp"
#include "sim/engine/stage_weights.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::sglang {

inline constexpr std::string_view kHeads = "sglang.heads";
inline constexpr std::string_view kKvHeads = "sglang.kv-heads";
inline constexpr std::string_view kVocab = "sglang.vocab";
inline constexpr std::string_view kMlpWidth = "sglang.mlp-width";
inline constexpr std::string_view kExperts = "sglang.experts";
inline constexpr std::string_view kExpertWidth = "sglang.expert-width";
inline constexpr std::string_view kQuantizedMoe = "sglang.quantized-moe";
inline constexpr std::string_view kFp8Block = "sglang.fp8-block";
inline constexpr std::string_view kGroupSize = "sglang.group-size";
inline constexpr std::string_view kMarlin = "sglang.marlin";
inline constexpr std::string_view kPipelineLayers = "sglang.pp-layers";
inline constexpr std::string_view kPipelineSupport = "sglang.pp-support";
inline constexpr std::string_view kVisionHeads = "sglang.vision-heads";
inline constexpr std::string_view kEncoderMode = "sglang.encoder-mode";
inline constexpr std::string_view kVisionMlpWidth = "sglang.vision-mlp-width";
inline constexpr std::string_view kEncoders = "sglang.encoders";
inline constexpr std::string_view kDpAttention = "sglang.dp-attention";
inline constexpr std::string_view kStateLayers = "sglang.state-layers";
inline constexpr std::string_view kSlidingWindow = "sglang.sliding-window";
inline constexpr std::string_view kContextLimit = "sglang.context-limit";
inline constexpr std::string_view kCapability = "sglang.capability";
inline constexpr std::string_view kBf16 = "sglang.bf16";
inline constexpr std::string_view kQuantizationCapability = "sglang.quantization-capability";
inline constexpr std::string_view kFp8Cache = "sglang.fp8-cache";
inline constexpr std::string_view kCacheScheme = "sglang.cache-scheme";
inline constexpr std::string_view kNoCacheMemory = "sglang.no-cache-memory";
inline constexpr std::string_view kMaxLength = "sglang.max-length";
inline constexpr std::string_view kStaticFraction = "sglang.static-fraction";

/// Ranks of one pipeline stage: SGLang's tp_size.
[[nodiscard]] inline int stage_ranks(ParallelPlan plan) { return plan.tp * plan.dp; }

/// Layers of each pipeline stage. Precondition: 1 <= pp.
[[nodiscard]] std::vector<std::int64_t> stage_layers(std::int64_t layers, int pp);

/// Slices of quantized experts: what SGLang asks at configuration time, before any other size.
[[nodiscard]] EngineVerdict check_quantized_experts(const Model& model, ParallelPlan plan);
/// The other matrices of quantized checkpoints: a refusal, or an accepted verdict with remarks.
/// Sizes that do not divide are other rules', asked before.
[[nodiscard]] EngineVerdict check_quantized_matrices(const Model& model, ParallelPlan plan);

/// Weights of one rank: attention cut over plan.tp ranks, MLPs over all of the stage.
[[nodiscard]] StageWeights rank_weights(const Model& model, ParallelPlan plan,
                                        const StageLayers& stage, bool whole_encoder);

/// What SGLang itself leaves outside the static share (weights and cache) of a GPU, unless told.
/// `chunked_prefill` is --chunked-prefill-size.
[[nodiscard]] Bytes default_reserve(Bytes gpu_memory, ParallelPlan plan, bool latent_attention,
                                    std::int64_t chunked_prefill);
/// The --chunked-prefill-size that it chooses for a GPU of this size.
[[nodiscard]] std::int64_t default_chunked_prefill(Bytes gpu_memory);
/// The --mem-fraction-static that follows, in millionths; SGLang rounds it to thousandths. 0 where
/// the reserve is all there is.
[[nodiscard]] std::int64_t default_static_fraction(Bytes gpu_memory, Bytes reserve);

class Rules final : public EngineRules {
 public:
  explicit Rules(const MemoryOverheads& overheads) : overheads_(overheads) {}

  [[nodiscard]] std::string_view name() const override { return "sglang"; }
  using EngineRules::check_shape;
  [[nodiscard]] EngineVerdict check_shape(const Model& model, ParallelPlan plan,
                                          const ServingLimits& limits) const override;
  [[nodiscard]] EngineVerdict check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                    const ServingLimits& limits) const override;
  [[nodiscard]] std::int64_t utilisation(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                         const ServingLimits& limits) const override;
  [[nodiscard]] std::string command(const Model& model, const Start& start) const override;
  [[nodiscard]] std::string preparation(const Start& start) const override;
  [[nodiscard]] std::span<const RuleInfo> rules() const override;
  [[nodiscard]] std::span<const RemarkInfo> remarks() const override;

 private:
  /// `whole_encoder`: every rank holds the whole vision tower.
  [[nodiscard]] static EngineVerdict check_sizes(const Model& model, ParallelPlan plan,
                                                 bool whole_encoder);

  MemoryOverheads overheads_;
};

}  // namespace headroom::sglang
