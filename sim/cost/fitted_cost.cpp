#include "sim/cost/fitted_cost.hpp"

#include "sim/cost/step_time.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace headroom {
namespace {

constexpr double kMicro = 1e6;

// The prompts of one step at the fixed load: as many whole ones as fit, or a chunk of one, half of
// which is done on average.
PromptChunk chunk_of(const LoadedBatches& batches) {
  constexpr auto kPrompt = static_cast<double>(kLoadInputTokens);
  const double tokens = std::min(batches.chunk_tokens, batches.in_flight * kPrompt);
  if (tokens < kPrompt) return {1.0, tokens, (kPrompt - tokens) / 2.0};
  return {tokens / kPrompt, kPrompt, 0.0};
}

class FittedCost final : public CostModel {
 public:
  FittedCost(std::vector<GpuTimes> measured, const EngineTraits& engine)
      : measured_(std::move(measured)), engine_(engine) {}

  [[nodiscard]] std::string_view name() const override { return "fitted"; }

  [[nodiscard]] std::string source(const GpuType& gpu, const Model& model) const override {
    const KernelTimes& times = times_of(gpu);
    if (!StepModel::covers(times, model)) return otherwise_->source(gpu, model);
    return times.source(StepModel::kernels(model));
  }

  [[nodiscard]] std::int64_t milli_tokens_per_s(const CostQuery& query) const override {
    const KernelTimes& times = times_of(query.gpu);
    if (!StepModel::covers(times, query.model)) return otherwise_->milli_tokens_per_s(query);
    const StepModel steps(times, query, engine_);
    const LoadedBatches batches = loaded_batches(query);
    const auto pp = static_cast<double>(query.plan.pp);
    const auto replicas = static_cast<double>(query.plan.dp);

    StepLoad decode;
    decode.sequences = std::max(1.0, batches.micro_batch / replicas);
    decode.context = batches.context;
    StepLoad prefill;
    prefill.chunks = {chunk_of(batches)};
    prefill.chunks.front().prompts /= replicas;
    const double decode_us = pp * step_us(steps, decode, decode.sequences);
    const double prefill_us =
        (batches.chunks + pp - 1.0) * step_us(steps, prefill, prefill.chunks.front().prompts);
    return batches.milli_tokens_per_s(decode_us / kMicro, prefill_us / kMicro);
  }

 private:
  // Of the last stage, which has the LM head for so many sequences: the others wait for it.
  static double step_us(const StepModel& steps, const StepLoad& load, double outputs) {
    double us = steps.stage(load).total().us + steps.head(outputs).total().us;
    if (steps.plan().pp > 1) us += steps.hand_over(load).us;
    return us;
  }

  const KernelTimes& times_of(const GpuType& gpu) const {
    const auto known = std::find_if(times_.begin(), times_.end(),
                                    [&](const KernelTimes& times) { return times.gpu() == gpu; });
    return known != times_.end() ? *known : times_.emplace_back(KernelTimes::of(gpu, measured_));
  }

  std::vector<GpuTimes> measured_;
  EngineTraits engine_;
  std::unique_ptr<CostModel> otherwise_ = make_roofline();
  mutable std::deque<KernelTimes> times_;  // of the GPU types asked about; references stay valid
};

}  // namespace

std::unique_ptr<CostModel> make_fitted_cost(std::vector<GpuTimes> measured,
                                            const EngineTraits& engine) {
  return std::make_unique<FittedCost>(std::move(measured), engine);
}

}  // namespace headroom
