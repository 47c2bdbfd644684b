#pragma once
// What a placement is worth: tokens per second, from a model of the GPU. The roofline is the first;
// models fitted to measurements fill the same interface. Every figure names its source.

#include "sim/engine/engine.hpp"
#include "sim/hardware/gpu_type.hpp"
#include "sim/links/link.hpp"
#include "sim/models/model.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <string_view>

namespace headroom {

/// The fixed load at which placements are compared: the request's declared concurrency, with these
/// lengths (docs/metrics.md).
inline constexpr std::int64_t kLoadInputTokens = 1024;
inline constexpr std::int64_t kLoadOutputTokens = 256;

/// The links that a deployment's GPUs talk over.
struct GroupLinks {
  Link tensor;  // the worst inside a tensor parallel group; groups never leave a node
  Link stages;  // the worst between two groups: pipeline stages, replicas

  friend auto operator<=>(const GroupLinks&, const GroupLinks&) = default;
};

/// Where links are not described.
[[nodiscard]] inline GroupLinks plain_links(const GpuType& gpu, bool one_node) {
  return {own_link(gpu), one_node ? own_link(gpu) : plain_network()};
}

struct CostQuery {
  const Model& model;
  const ServingLimits& limits;
  const GpuType& gpu;
  ParallelPlan plan;
  GroupLinks links;
  std::int64_t longest_stage = 0;  // layers of it; 0 = as evenly as they go
};

class CostModel {
 public:
  virtual ~CostModel() = default;
  /// "roofline": printed beside every figure that comes from it.
  [[nodiscard]] virtual std::string_view source() const = 0;
  /// Output tokens per second of the whole deployment at the fixed load, in thousandths, rounded
  /// once. Always at least 1.
  [[nodiscard]] virtual std::int64_t milli_tokens_per_s(const CostQuery& query) const = 0;

  /// Worth of a plan: milli-tokens/s per GPU and price unit, the figure that ranks plans across GPU
  /// types.
  [[nodiscard]] std::int64_t worth(const CostQuery& query) const;
  /// milli-tokens/s per GPU: the figure behind parallel efficiency.
  [[nodiscard]] std::int64_t per_gpu(const CostQuery& query) const;
};

/// Roofline estimate: each step takes the longer of its memory traffic and its arithmetic, plus the
/// all-reduces of tensor parallelism and the hand-over between pipeline stages. Formulas:
/// docs/metrics.md.
[[nodiscard]] std::unique_ptr<CostModel> make_roofline();

}  // namespace headroom
