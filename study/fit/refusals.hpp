#pragma once
// The plans that do not start, in words: one entry a rule, not one a plan.

#include "study/fit/fit.hpp"

#include <string>

namespace headroom {

/// What a plan lacks: the cache that is left less that of one full sequence, bytes; the least there
/// is where no memory was counted.
[[nodiscard]] Bytes slack(const FitPlan& plan);

/// Of the refused plans whose memory was counted, the one with most slack; null if there is none.
[[nodiscard]] const FitPlan* nearest_refused(const FitAnswer& answer);

/// The plan that the answer is about: the recommended one, else the nearest; null if there is none.
[[nodiscard]] const FitPlan* looked_at(const FitAnswer& answer);

/// The refusal that every plan meets because of the GPU; null if there is none.
[[nodiscard]] const Refusal* refusal_of_gpus(const FitAnswer& answer);

/// The table of refusals; empty where every plan starts.
[[nodiscard]] std::string refused_plans(const FitAnswer& answer);

}  // namespace headroom
