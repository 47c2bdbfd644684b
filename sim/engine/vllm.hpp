#pragma once
// vLLM's rules, read from its source at revision 9aaf83ef502f (May 2026, about v0.21), and where
// they differ at 58b11b24a69f (July 2025, about v0.10); none was executed. Paths in comments are
// relative to its package. docs/engines.md has every rule, formula and gap.

#include "sim/engine/engine.hpp"
#include "sim/engine/kv_cache.hpp"
#include "sim/engine/shard.hpp"
#include "sim/engine/stage_weights.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace headroom::vllm {

/// Releases whose rules are known.
enum class Version { v0_10, v0_21 };

/// "0.21", "0.10": the newest first.
[[nodiscard]] std::span<const std::string_view> versions();
/// The rules of a release. Error: names the releases there are.
[[nodiscard]] Result<std::unique_ptr<EngineRules>> make_rules(std::string_view version,
                                                              const MemoryOverheads& overheads);

/// Layers of each pipeline stage. Precondition: 1 <= pp.
[[nodiscard]] std::vector<std::int64_t> stage_layers(std::int64_t layers, int pp);

/// How the tensors of a stage are cut.
[[nodiscard]] ShardSizes shard_sizes(ParallelPlan plan);
/// The same on this GPU, whose kernel for MXFP4 experts may pad them.
[[nodiscard]] ShardSizes shard_sizes(const Model& model, ParallelPlan plan, const GpuType& gpu);

/// Weights of one rank of a stage, with what loading them adds: absorbed projections of latent
/// attention, and scales that every rank keeps.
[[nodiscard]] StageWeights rank_weights(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                        const StageLayers& stage, bool whole_encoder);

/// The pool of cache blocks that the layers of a model share.
struct CachePool {
  std::int64_t block_tokens = 16;
  Bytes state_page = 0;  // of a state-space layer's state, padded; 0 = as it is
  bool hybrid = true;    // off charges sliding-window and chunked layers as full ones
};
/// Of a model with these groups of layers on all stages together.
[[nodiscard]] CachePool cache_pool(const std::vector<CacheGroup>& groups, bool hybrid);

/// Bytes of KV cache that one sequence of `context` tokens takes on each rank of a stage. Saturates
/// at a quarter of the int64 range.
[[nodiscard]] Bytes kv_bytes_per_sequence(const std::vector<CacheGroup>& groups,
                                          std::int64_t context, std::int64_t batched_tokens,
                                          const CachePool& pool);
/// Whether blocks of these groups have one size without padding.
[[nodiscard]] bool pages_are_even(const std::vector<CacheGroup>& groups, const CachePool& pool);

/// Bytes that a step of `batched_tokens` works in, on each rank.
[[nodiscard]] Bytes activation_bytes(const Model& model, int tp, std::int64_t batched_tokens,
                                     const MemoryOverheads& overheads);

class Rules final : public EngineRules {
 public:
  explicit Rules(const MemoryOverheads& overheads, Version version = Version::v0_21)
      : overheads_(overheads), version_(version) {}

  [[nodiscard]] std::string_view name() const override;
  using EngineRules::check_shape;
  [[nodiscard]] EngineVerdict check_shape(const Model& model, ParallelPlan plan,
                                          const ServingLimits& limits) const override;
  [[nodiscard]] bool balances_stages() const override { return true; }
  [[nodiscard]] EngineVerdict check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                    const ServingLimits& limits) const override;
  [[nodiscard]] std::int64_t utilisation(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                         const ServingLimits& limits) const override;
  [[nodiscard]] std::string command(const Model& model, const Start& start) const override;
  [[nodiscard]] std::string preparation(const Start& start) const override;
  [[nodiscard]] std::span<const RuleInfo> rules() const override;
  [[nodiscard]] std::span<const RemarkInfo> remarks() const override;

 private:
  /// U, in millionths: as asked for, else the release's own.
  [[nodiscard]] std::int64_t share(const ServingLimits& limits) const;

  MemoryOverheads overheads_;
  Version version_;
};

}  // namespace headroom::vllm
