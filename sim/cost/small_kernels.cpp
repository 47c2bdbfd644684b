#include "sim/cost/small_kernels.hpp"

#include <algorithm>

namespace headroom {
namespace {

constexpr double kActivation = 2.0;  // bytes

bool has_fp8(const std::vector<Product>& products) {
  return std::any_of(products.begin(), products.end(),
                     [](const Product& one) { return one.type == ElementType::fp8; });
}

}  // namespace

std::vector<double> small_kernels(const LayerKernels& layer, std::int64_t hidden, ParallelPlan plan,
                                  const EngineTraits& engine, double tokens, double sequences) {
  const bool fp8 = has_fp8(layer.products);
  const double rounded = fp8 ? 1.0 : kActivation;
  std::vector<double> out;
  if (!(engine.fuses_small_kernels && plan.tp > 1)) {
    // Reads the sum so far and what is added, writes the new sum and its norm.
    const double norm = tokens * static_cast<double>(hidden) * (3.0 * kActivation + rounded);
    if (layer.mixes) out.push_back(norm);
    if (layer.has_mlp) out.push_back(norm);
  }
  if (layer.attention != nullptr) {
    const double query = tokens * static_cast<double>(layer.q_heads * layer.attention->head_dim);
    const double key = tokens * static_cast<double>(layer.kv_heads * layer.attention->head_dim);
    const double in_place = 2.0 * kActivation * (query + key);
    if (!engine.fuses_small_kernels) out.push_back(in_place);
    if (layer.attention->qk_norm != Attention::QkNorm::none) out.push_back(in_place);
    if (fp8 && !engine.fuses_small_kernels) out.push_back(query * (kActivation + rounded));
  } else if (layer.mixes) {
    out.push_back(2.0 * sequences * static_cast<double>(layer.state_bytes));
  }
  if (layer.has_mlp) out.push_back(tokens * layer.mlp_width * (2.0 * kActivation + rounded));
  return out;
}

}  // namespace headroom
