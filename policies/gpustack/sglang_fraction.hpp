#pragma once
// mem-fraction-static as GPUStack foresees it: SGLang's own formula, on the smallest GPU of a type.

#include "policies/gpustack/ask.hpp"
#include "policies/gpustack/view.hpp"

#include <span>
#include <string>

namespace headroom::gpustack {

/// The share of each GPU of this type, three decimals: --mem-fraction-static, else from the
/// smallest GPU (of those selected by hand, if any), chunk and graph sizes, and the parallel sizes
/// asked for or selected, not those that the search finds later.
[[nodiscard]] double sglang_fraction(std::span<const WorkerView> workers, const Ask& ask,
                                     const std::string& type);

}  // namespace headroom::gpustack
