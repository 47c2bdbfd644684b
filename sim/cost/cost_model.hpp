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
#include <string>
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

/// The fixed load as an engine runs it: a micro-batch for each stage, so that all of them work.
struct LoadedBatches {
  double micro_batch = 1.0;   // sequences that decode together, of all replicas
  double in_flight = 1.0;     // sequences of all micro-batches
  double context = 0.0;       // mean tokens of a sequence while it decodes
  double chunk_tokens = 0.0;  // of prompts, in one step
  double chunks = 0.0;        // steps that all prompts take

  /// From the time in which each sequence gets a token, and that of all prompts.
  [[nodiscard]] std::int64_t milli_tokens_per_s(double decode_seconds,
                                                double prefill_seconds) const;
};
[[nodiscard]] LoadedBatches loaded_batches(const CostQuery& query);

/// Figures of a plan, each at least 1.
struct PlanValue {
  std::int64_t milli_tokens_per_s = 1;
  std::int64_t per_gpu = 1;  // the figure behind parallel efficiency
  std::int64_t worth = 1;    // per GPU and price unit: it ranks plans across GPU types
};

class CostModel {
 public:
  virtual ~CostModel() = default;
  /// "roofline": printed beside every figure that comes from it.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Where the figures of a model on a GPU type come from: "roofline: estimate", "measured: H200,
  /// ...".
  [[nodiscard]] virtual std::string source(const GpuType& gpu, const Model& model) const = 0;
  /// Output tokens per second of the whole deployment at the fixed load, in thousandths, rounded
  /// once. Always at least 1.
  [[nodiscard]] virtual std::int64_t milli_tokens_per_s(const CostQuery& query) const = 0;

  [[nodiscard]] PlanValue value(const CostQuery& query) const;
  [[nodiscard]] std::int64_t worth(const CostQuery& query) const { return value(query).worth; }
  [[nodiscard]] std::int64_t per_gpu(const CostQuery& query) const { return value(query).per_gpu; }
};

/// Roofline estimate: each step takes the longer of its memory traffic and its arithmetic, plus the
/// all-reduces of tensor parallelism and the hand-over between pipeline stages. Formulas:
/// docs/metrics.md.
[[nodiscard]] std::unique_ptr<CostModel> make_roofline();

}  // namespace headroom
