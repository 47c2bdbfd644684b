#pragma once

#include "sim/cost/cost_model.hpp"
#include "sim/cost/engine_traits.hpp"
#include "sim/cost/kernel_times.hpp"

#include <memory>
#include <vector>

namespace headroom {

/// Steps put together from measured kernels, at the same load as the roofline, which answers where
/// no fits cover a model on a GPU type. Remembers GPU types: belongs to one run, as a plan space
/// does. Formulas: docs/cost-model.md.
[[nodiscard]] std::unique_ptr<CostModel> make_fitted_cost(std::vector<GpuTimes> measured,
                                                          const EngineTraits& engine);

}  // namespace headroom
