#include "sim/cost/cost_model.hpp"
#include "sim/engine/kv_cache.hpp"
#include "sim/links/collective.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

namespace headroom {
namespace {

// Estimates, all of them: what a step costs beside its memory traffic and arithmetic.
constexpr double kLaunchSeconds = 5e-6;    // per layer
constexpr double kMatrixEfficiency = 0.7;  // of the peak rate, large matrices
constexpr double kMemoryEfficiency = 0.8;  // of the peak bandwidth

/// What one GPU of a stage works with. Routed experts stand apart: a token visits a few of them.
struct Stage {
  double weight_bytes = 0.0;       // of what every token visits
  double parameters = 0.0;         // likewise
  double expert_bytes = 0.0;       // of all routed experts
  double expert_parameters = 0.0;  // likewise
  double kv_bytes_token = 0.0;
  double layers = 0.0;
  double expert_layers = 0.0;  // of these, with routed experts
};

/// Sums over all layers of the model, whole.
struct LayerSums {
  std::int64_t parameters = 0, expert_parameters = 0;
  Bytes bytes = 0, expert_bytes = 0;
  Bytes cached_per_token = 0;  // on each rank
  std::int64_t expert_layers = 0;
};

LayerSums sum_layers(const CostQuery& query) {
  const Model& model = query.model;
  const TextArch& text = model.text;
  const KvCacheType cache = effective_cache_type(model, query.limits.kv_cache);
  LayerSums sums;
  for (std::size_t i = 0; i < text.kinds.size(); ++i) {
    const LayerKind& kind = text.kinds[i];
    const std::int64_t layers = std::count(text.kind_of_layer.begin(), text.kind_of_layer.end(), i);
    if (std::holds_alternative<Experts>(kind.mlp)) sums.expert_layers += layers;
    for (const Tensor& tensor : layer_tensors(text, kind)) {
      const bool expert = is_expert(tensor);
      (expert ? sums.expert_parameters : sums.parameters) += layers * tensor.elements();
      (expert ? sums.expert_bytes : sums.bytes) += layers * tensor_bytes(model, kind, tensor);
    }
    sums.cached_per_token +=
        layers * layer_cache(kind, query.plan.tp, model.dtype_bytes, cache).bytes_per_token;
  }
  return sums;
}

Stage stage_of(const CostQuery& query) {
  const TextArch& text = query.model.text;
  const auto tp = static_cast<double>(query.plan.tp);
  const double ranks = tp * static_cast<double>(query.plan.dp);
  const auto all_layers = static_cast<double>(text.layers());
  const double layers = query.longest_stage > 0
                            ? static_cast<double>(query.longest_stage)
                            : std::ceil(all_layers / static_cast<double>(query.plan.pp));
  const LayerSums sums = sum_layers(query);
  const auto table = static_cast<double>(embedding_parameters(text));
  const auto of_stage = [&](std::int64_t sum) {
    return static_cast<double>(sum) / all_layers * layers;
  };
  Stage stage;
  stage.parameters = (of_stage(sums.parameters) + table * (layers / all_layers)) / tp;
  stage.weight_bytes = (of_stage(sums.bytes) + table * (layers / all_layers) *
                                                   static_cast<double>(query.model.dtype_bytes)) /
                       tp;
  stage.expert_parameters = of_stage(sums.expert_parameters) / ranks;
  stage.expert_bytes = of_stage(sums.expert_bytes) / ranks;
  stage.kv_bytes_token = of_stage(sums.cached_per_token);
  stage.layers = layers;
  stage.expert_layers = of_stage(sums.expert_layers);
  return stage;
}

/// The share of its routed experts that a token visits; 0 for a dense model.
double visited_share(const TextArch& text) {
  for (const LayerKind& kind : text.kinds) {
    if (const auto* experts = std::get_if<Experts>(&kind.mlp); experts != nullptr) {
      return static_cast<double>(experts->active) / static_cast<double>(experts->count);
    }
  }
  return 0.0;
}

// Seconds of one engine step of one stage with `tokens` new tokens and `cached` tokens read back,
// of all replicas of the attention together.
double step_seconds(const CostQuery& query, const Stage& stage, double tokens, double cached) {
  const auto replicas = static_cast<double>(query.plan.dp);
  const double visited = visited_share(query.model.text);
  // Of experts that tokens choose independently and evenly, so many are read at least once.
  const double touched = 1.0 - std::pow(1.0 - visited, tokens);
  const double memory = (stage.weight_bytes + stage.kv_bytes_token * (cached / replicas) +
                         stage.expert_bytes * touched) /
                        (static_cast<double>(query.gpu.memory_bandwidth) * kMemoryEfficiency);
  const double visits =
      stage.parameters * (tokens / replicas) + stage.expert_parameters * visited * tokens;
  const double arithmetic =
      2.0 * visits / (static_cast<double>(query.gpu.matrix_rate()) * kMatrixEfficiency);
  double seconds = std::max(memory, arithmetic) + stage.layers * kLaunchSeconds;
  const double message = tokens / replicas * static_cast<double>(query.model.text.hidden) *
                         static_cast<double>(query.model.dtype_bytes);  // of one replica
  const double all_reduce = all_reduce_seconds(query.links.tensor, query.plan.tp, message);
  seconds += 2.0 * stage.layers * all_reduce;
  if (query.plan.dp > 1) {
    // All ranks of the stage gather the tokens of all replicas, and scatter the sums back.
    const int ranks = query.plan.tp * query.plan.dp;
    const double gather = all_gather_seconds(query.links.stages, ranks, message * replicas);
    seconds += 2.0 * stage.expert_layers * gather;
  }
  if (query.plan.pp > 1) seconds += transfer_seconds(query.links.stages, message);
  return seconds;
}

class Roofline final : public CostModel {
 public:
  [[nodiscard]] std::string_view name() const override { return "roofline"; }

  [[nodiscard]] std::string source(const GpuType& /*gpu*/, const Model& /*model*/) const override {
    return "roofline: estimate";
  }

  [[nodiscard]] std::int64_t milli_tokens_per_s(const CostQuery& query) const override {
    const Stage stage = stage_of(query);
    const LoadedBatches load = loaded_batches(query);
    const auto pp = static_cast<double>(query.plan.pp);
    const double decode =
        pp * step_seconds(query, stage, load.micro_batch, load.micro_batch * load.context);
    const double prefill =
        (load.chunks + pp - 1.0) * step_seconds(query, stage, load.chunk_tokens, load.chunk_tokens);
    return load.milli_tokens_per_s(decode, prefill);
  }
};

}  // namespace

std::unique_ptr<CostModel> make_roofline() { return std::make_unique<Roofline>(); }

}  // namespace headroom
