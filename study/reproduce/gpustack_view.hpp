#pragma once
// The workers, models and wishes of a case as GPUStack's scheduler takes them.

#include "policies/gpustack/ask.hpp"
#include "policies/gpustack/bookkeeping.hpp"
#include "policies/gpustack/scorers.hpp"
#include "study/reproduce/case_value.hpp"

#include <vector>

namespace headroom {

[[nodiscard]] std::vector<gpustack::WorkerTotals> workers_of(const CaseValue& test);
[[nodiscard]] std::vector<gpustack::PlacedInstance> placed_of(const CaseValue& test);
/// Instances by worker and GPU, from `already_placed`.
[[nodiscard]] gpustack::InstanceCounts counts_of(const CaseValue& test);
[[nodiscard]] gpustack::Ask ask_of(const CaseValue& test);
[[nodiscard]] gpustack::Figures figures_of(const CaseValue& model);
[[nodiscard]] gpustack::Backend backend_of(const CaseValue& test);
[[nodiscard]] gpustack::Strategy strategy_of(const CaseValue& test);

}  // namespace headroom
