#pragma once
// The kernels between matrix products and attention: they only move activations.

#include "sim/cost/engine_traits.hpp"
#include "sim/cost/layer_kernels.hpp"

#include <vector>

namespace headroom {

/// What each such kernel of a layer reads and writes, in bytes, for this many new tokens of which
/// `sequences` are decoded: norms with the residual, rotary positions, the gate of the MLP, the
/// state of state-space layers; with fp8 products also what their inputs are rounded to.
/// Activations have 16 bits.
[[nodiscard]] std::vector<double> small_kernels(const LayerKernels& layer, std::int64_t hidden,
                                                ParallelPlan plan, const EngineTraits& engine,
                                                double tokens, double sequences);

}  // namespace headroom
