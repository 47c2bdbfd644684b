#pragma once
// `headroom speed`: how fast a model is on a GPU type at tensor parallel sizes, from measured
// kernels. Question and answer are data; text, JSON and the figure are made from the same answer.

#include "sim/core/result.hpp"
#include "sim/cost/gpu_times.hpp"
#include "sim/cost/serving.hpp"
#include "sim/engine/engine.hpp"
#include "sim/hardware/gpu_type.hpp"
#include "sim/models/model.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headroom::speed {

struct Question {
  std::vector<std::shared_ptr<const Model>> models;
  GpuType gpu;
  std::vector<int> sizes = {1, 2, 4, 8};  // tensor parallel, ascending
  std::int64_t requests = 64;             // always so many at once
  std::int64_t input_tokens = 1024;
  std::int64_t output_tokens = 256;  // at least 2
  int stages = 1;                    // pipeline parallel
  std::string engine = "vllm";
  bool graphs = true;  // kernels are replayed from CUDA graphs
  KvCacheType kv_cache = KvCacheType::model;
};

/// Larger sizes leave the NVSwitch domain of the nodes that are sold, and of what was measured.
inline constexpr int kDomainGpus = 8;

/// A part of a decode step. `basis`: of what takes most of its time.
struct Part {
  Estimate time;  // us
  Basis basis = Basis::interpolated;
};
inline const std::array<std::string, 5> kParts = {"attention", "products", "experts", "collectives",
                                                  "rest"};

/// Output tokens per second. `low` and `high` follow from the ends of the two times' intervals.
struct Rate {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;
};

struct Speed {
  ServingTimes times;
  Rate tokens_per_s;                // of the whole deployment
  std::array<Part, 5> parts;        // of a step that decodes as many sequences as do on average
  double extrapolated = 0.0;        // share of that step
  std::optional<Estimate> layer;    // decode attention of one layer, all requests at once, us; none
                                    // where there is no attention, or there are several stages
  double layer_tokens_per_s = 0.0;  // of one GPU in that attention alone

  [[nodiscard]] double step_us() const;
  /// Index into kParts.
  [[nodiscard]] std::size_t largest_part() const;
};

struct Row {
  int tp = 1;
  int gpus = 1;                     // of all stages
  std::int64_t kv_replication = 1;  // GPUs that hold the same KV head
  /// Why the engine does not start it, or not with all requests; then there is no speed.
  std::optional<Refusal> refusal;
  std::optional<Speed> speed;

  [[nodiscard]] bool refused_for_memory() const {
    return refusal && refusal->phase == Refusal::Phase::memory;
  }
};

struct ModelSpeeds {
  std::shared_ptr<const Model> model;
  std::int64_t kv_heads = 0;  // that GPUs share out: 1 under latent attention
  std::string source;     // "measured: H200, vLLM 0.24 tables"; empty where nothing was measured
  std::vector<Row> rows;  // as the sizes asked for; empty without a source
};

struct Answer {
  Question question;
  std::vector<ModelSpeeds> models;

  /// Whether any model has a source.
  [[nodiscard]] bool any() const;
};

/// The rule of a refusal by us: the engine starts, but its cache does not hold all requests.
inline constexpr const char* kCacheRule = "cache";

/// `measured`: profiles to go by, as for times_for(). Error: unknown engine, or one whose kernels
/// nobody measured (llama.cpp).
[[nodiscard]] Result<Answer> answer(const Question& question,
                                    const std::vector<GpuTimes>& measured);

/// "64 requests at once, 1,024 tokens in and 256 out".
[[nodiscard]] std::string load_words(const Question& question);

/// Why a model without a source has none: a sentence, and what to do.
[[nodiscard]] std::string no_source_words(const Answer& answer, const ModelSpeeds& model);

}  // namespace headroom::speed
