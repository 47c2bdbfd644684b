#pragma once
// TensorRT-LLM's rules (PyTorch backend), read from single files of its source at differing
// revisions: mapping.py 05ebebb2c1d3, _torch/modules/attention.py 00547a25ac61,
// _torch/modules/embedding.py 06d0733f4936. None was executed; which release they belong to is less
// certain than for the other engines. Paths in comments are relative to tensorrt_llm/.
//
// Its own --tp_size is the width of a stage: tp x dp of a ParallelPlan. A plan with dp > 1 is its
// attention data parallelism, in which every rank has the whole attention: tp is 1 then. A plan
// with ep has an --ep_size of the whole width.

#include "sim/engine/engine.hpp"
#include "sim/engine/shard.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::tensorrt_llm {

inline constexpr std::string_view kPipelineLayers = "tensorrt-llm.pp-layers";
inline constexpr std::string_view kAttentionDp = "tensorrt-llm.attention-dp";
inline constexpr std::string_view kHeads = "tensorrt-llm.heads";
inline constexpr std::string_view kKvHeads = "tensorrt-llm.kv-heads";
inline constexpr std::string_view kMlpWidth = "tensorrt-llm.mlp-width";
inline constexpr std::string_view kExperts = "tensorrt-llm.experts";
inline constexpr std::string_view kExpertWidth = "tensorrt-llm.expert-width";
inline constexpr std::string_view kVision = "tensorrt-llm.vision";
inline constexpr std::string_view kQuantization = "tensorrt-llm.quantization";
inline constexpr std::string_view kStateLayers = "tensorrt-llm.state-layers";
inline constexpr std::string_view kSlidingWindow = "tensorrt-llm.sliding-window";
inline constexpr std::string_view kContextLimit = "tensorrt-llm.context-limit";
inline constexpr std::string_view kCapability = "tensorrt-llm.capability";
inline constexpr std::string_view kEncoders = "tensorrt-llm.encoders";
inline constexpr std::string_view kCacheScheme = "tensorrt-llm.cache-scheme";
inline constexpr std::string_view kNoCacheMemory = "tensorrt-llm.no-cache-memory";
inline constexpr std::string_view kMaxLength = "tensorrt-llm.max-length";

/// Layers of each pipeline stage. Precondition: 1 <= pp.
[[nodiscard]] std::vector<std::int64_t> stage_layers(std::int64_t layers, int pp);

/// How the tensors of a stage are cut.
[[nodiscard]] ShardSizes shard_sizes(ParallelPlan plan);

/// The KV cache: this share, in millionths, of what weights and working memory leave free. 0 or
/// less where they leave nothing.
[[nodiscard]] Bytes cache_pool(Bytes free, std::int64_t fraction_ppm);

class Rules final : public EngineRules {
 public:
  explicit Rules(const MemoryOverheads& overheads) : overheads_(overheads) {}

  [[nodiscard]] std::string_view name() const override { return "tensorrt-llm"; }
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
  MemoryOverheads overheads_;
};

}  // namespace headroom::tensorrt_llm
