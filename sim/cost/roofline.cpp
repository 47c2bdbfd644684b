#include "sim/core/int128.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/engine/kv_cache.hpp"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

// Estimates, all of them: what a step costs beside its memory traffic and arithmetic.
constexpr double kLaunchSeconds = 5e-6;       // per layer
constexpr double kAllReduceLatency = 10e-6;   // per all-reduce
constexpr double kHopLatency = 20e-6;         // per hand-over between stages
constexpr double kNetworkBandwidth = 12.5e9;  // bytes/s between nodes (100 Gbit/s)
constexpr double kMatrixEfficiency = 0.7;     // of the peak rate, large matrices
constexpr double kMemoryEfficiency = 0.8;     // of the peak bandwidth

struct Stage {
  double weight_bytes;    // per GPU
  double parameters;      // per GPU
  double kv_bytes_token;  // per GPU
  double layers;
};

Stage stage_of(const CostQuery& query) {
  const TextArch& text = query.model.text;
  const auto tp = static_cast<double>(query.plan.tp);
  const auto pp = static_cast<double>(query.plan.pp);
  const auto all_layers = static_cast<double>(text.layers());
  const double layers = std::ceil(all_layers / pp);
  std::int64_t layer_sum = 0;
  std::int64_t cached_values = 0;
  for (std::int64_t i = 0; i < text.layers(); ++i) {
    layer_sum += layer_parameters(text, text.layer(i));
    cached_values += layer_cache(text.layer(i), query.plan.tp, 1, {}).bytes_per_token;
  }
  const double parameters =
      (static_cast<double>(layer_sum) / all_layers * layers +
       static_cast<double>(embedding_parameters(text)) * (layers / all_layers)) /
      tp;
  const auto dtype = static_cast<double>(query.model.dtype_bytes);
  return {parameters * dtype, parameters,
          static_cast<double>(cached_values) / all_layers * layers * dtype, layers};
}

// Seconds of one engine step of one stage with `tokens` new tokens and `cached` tokens read back.
double step_seconds(const CostQuery& query, const Stage& stage, double tokens, double cached) {
  const double memory = (stage.weight_bytes + stage.kv_bytes_token * cached) /
                        (static_cast<double>(query.gpu.memory_bandwidth) * kMemoryEfficiency);
  const double arithmetic = 2.0 * stage.parameters * tokens /
                            (static_cast<double>(query.gpu.matrix_rate()) * kMatrixEfficiency);
  double seconds = std::max(memory, arithmetic) + stage.layers * kLaunchSeconds;
  const double message = tokens * static_cast<double>(query.model.text.hidden) *
                         static_cast<double>(query.model.dtype_bytes);
  if (query.plan.tp > 1) {
    const auto tp = static_cast<double>(query.plan.tp);
    const double ring =
        2.0 * (tp - 1.0) / tp * message / static_cast<double>(query.gpu.link_bandwidth());
    seconds += 2.0 * stage.layers * (kAllReduceLatency + ring);
  }
  if (query.plan.pp > 1) {
    const double bandwidth =
        query.one_node ? static_cast<double>(query.gpu.link_bandwidth()) : kNetworkBandwidth;
    seconds += kHopLatency + message / bandwidth;
  }
  return seconds;
}

class Roofline final : public CostModel {
 public:
  [[nodiscard]] std::string_view source() const override { return "roofline"; }

  // A batch of `sequences`, split into one micro-batch per stage so that all stages work at once.
  [[nodiscard]] std::int64_t milli_tokens_per_s(const CostQuery& query) const override {
    const Stage stage = stage_of(query);
    const auto pp = static_cast<double>(query.plan.pp);
    const auto sequences = static_cast<double>(query.limits.sequences);
    const double micro_batch = std::max(1.0, sequences / pp);
    const double in_flight = micro_batch * pp;
    const double cached =
        static_cast<double>(kLoadInputTokens) + static_cast<double>(kLoadOutputTokens) / 2.0;

    const double decode = pp * step_seconds(query, stage, micro_batch, micro_batch * cached);
    const auto chunk = static_cast<double>(query.limits.batched_tokens);
    const double chunks = std::ceil(in_flight * static_cast<double>(kLoadInputTokens) / chunk);
    const double prefill = (chunks + pp - 1.0) * step_seconds(query, stage, chunk, chunk);

    const auto output = static_cast<double>(kLoadOutputTokens);
    const double rate = in_flight * output / (output * decode + prefill);
    return std::max<std::int64_t>(1, std::llround(rate * 1000.0));
  }
};

}  // namespace

std::int64_t CostModel::per_gpu(const CostQuery& query) const {
  return std::max<std::int64_t>(1, milli_tokens_per_s(query) / query.plan.gpus());
}

std::int64_t CostModel::worth(const CostQuery& query) const {
  const std::int64_t price = query.gpu.price_milli * query.plan.gpus();
  return std::max<std::int64_t>(1, mul_div_floor(milli_tokens_per_s(query), 1000, price));
}

std::unique_ptr<CostModel> make_roofline() { return std::make_unique<Roofline>(); }

}  // namespace headroom
