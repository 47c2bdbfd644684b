#include "sim/cost/cost_model.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/int128.hpp"

#include <algorithm>
#include <cmath>

namespace headroom {

LoadedBatches loaded_batches(const CostQuery& query) {
  const auto pp = static_cast<double>(query.plan.pp);
  const auto sequences = static_cast<double>(query.limits.sequences);
  LoadedBatches out;
  out.micro_batch = std::max(1.0, sequences / pp);
  out.in_flight = out.micro_batch * pp;
  out.context =
      static_cast<double>(kLoadInputTokens) + static_cast<double>(kLoadOutputTokens) / 2.0;
  out.chunk_tokens = static_cast<double>(query.limits.batched_tokens);
  out.chunks = std::ceil(out.in_flight * static_cast<double>(kLoadInputTokens) / out.chunk_tokens);
  return out;
}

std::int64_t LoadedBatches::milli_tokens_per_s(double decode_seconds,
                                               double prefill_seconds) const {
  const auto output = static_cast<double>(kLoadOutputTokens);
  const double rate = in_flight * output / (output * decode_seconds + prefill_seconds);
  HEADROOM_ASSERT(std::isfinite(rate), "a plan without a speed");
  return std::max<std::int64_t>(1, std::llround(rate * 1000.0));
}

PlanValue CostModel::value(const CostQuery& query) const {
  PlanValue out;
  out.milli_tokens_per_s = milli_tokens_per_s(query);
  out.per_gpu = std::max<std::int64_t>(1, out.milli_tokens_per_s / query.plan.gpus());
  const std::int64_t price = query.gpu.price_milli * query.plan.gpus();
  out.worth = std::max<std::int64_t>(1, mul_div_floor(out.milli_tokens_per_s, 1000, price));
  return out;
}

}  // namespace headroom
