#include "sim/plan/holding.hpp"

#include "sim/core/int128.hpp"

#include <algorithm>

namespace headroom {

GpuHolding gpu_holding(const RequestShape& shape, Bytes total) {
  if (const auto* llm = std::get_if<LlmDeployment>(&shape.what)) {
    const Bytes bytes = requested_bytes(total, llm->limits.utilisation_ppm);
    if (!llm->shared) return {kWholeGpu, bytes};
    return shared_holding(bytes, total);
  }
  const int milli = shape.opaque().milli;
  return {milli, mul_div_floor(milli, total, kWholeGpu)};
}

GpuHolding shared_holding(Bytes bytes, Bytes total) {
  const auto milli = static_cast<int>(mul_div_floor(kWholeGpu, bytes, total));
  return {std::max(1, milli), bytes};
}

std::int64_t node_part(std::int64_t whole, std::int64_t part, std::int64_t parts) {
  if (parts == 0 || part == parts) return whole;
  return mul_div_ceil(whole, part, parts);
}

}  // namespace headroom
