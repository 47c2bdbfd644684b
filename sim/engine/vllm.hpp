#pragma once
// vLLM's rules, read from its source at revision 9aaf83ef502f (May 2026, about v0.21); none was
// executed. Paths in comments are relative to its package.

#include "sim/engine/engine.hpp"
#include "sim/engine/kv_cache.hpp"
#include "sim/engine/shard.hpp"
#include "sim/engine/stage_weights.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace headroom::vllm {

inline constexpr std::string_view kHeads = "vllm.heads";
inline constexpr std::string_view kPipelineSupport = "vllm.pp-support";
inline constexpr std::string_view kPipelineLayers = "vllm.pp-layers";
inline constexpr std::string_view kKvHeads = "vllm.kv-heads";
inline constexpr std::string_view kVocab = "vllm.vocab";
inline constexpr std::string_view kMlpWidth = "vllm.mlp-width";
inline constexpr std::string_view kVisionHeads = "vllm.vision-heads";
inline constexpr std::string_view kVisionMlpWidth = "vllm.vision-mlp-width";
inline constexpr std::string_view kNoCacheMemory = "vllm.no-cache-memory";
inline constexpr std::string_view kMaxLength = "vllm.max-length";

/// Vocabulary rows after padding to a multiple of 64.
[[nodiscard]] std::int64_t padded_vocab(std::int64_t vocab);
/// Layers of each pipeline stage. Precondition: 1 <= pp.
[[nodiscard]] std::vector<std::int64_t> stage_layers(std::int64_t layers, int pp);

/// The first shape rule that refuses, or an accepted verdict without stages.
[[nodiscard]] EngineVerdict check_shape(const Model& model, ParallelPlan plan);

/// How the tensors of a stage are cut.
[[nodiscard]] ShardSizes shard_sizes(ParallelPlan plan);

/// Bytes of KV cache that one sequence of `context` tokens takes on each rank of a stage. Saturates
/// at a quarter of the int64 range.
[[nodiscard]] Bytes kv_bytes_per_sequence(const std::vector<CacheGroup>& groups,
                                          std::int64_t context, std::int64_t batched_tokens,
                                          bool hybrid_kv_cache);

/// Bytes that a step of `batched_tokens` works in, on each rank.
[[nodiscard]] Bytes activation_bytes(const Model& model, int tp, std::int64_t batched_tokens,
                                     const MemoryOverheads& overheads);

class Rules final : public EngineRules {
 public:
  explicit Rules(const MemoryOverheads& overheads) : overheads_(overheads) {}

  [[nodiscard]] std::string_view name() const override { return "vllm"; }
  [[nodiscard]] EngineVerdict check_shape(const Model& model, ParallelPlan plan) const override;
  [[nodiscard]] EngineVerdict check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                    const ServingLimits& limits) const override;
  [[nodiscard]] std::string command(const Model& model, ParallelPlan plan,
                                    const ServingLimits& limits) const override;
  [[nodiscard]] std::span<const RuleInfo> rules() const override;

 private:
  MemoryOverheads overheads_;
};

}  // namespace headroom::vllm
