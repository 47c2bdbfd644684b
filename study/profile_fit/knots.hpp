#pragma once
// Where the corrections of fits have their knots.

#include "sim/cost/kernel_load.hpp"
#include "study/profile_fit/samples.hpp"
#include "study/profile_fit/smooth_grid.hpp"

#include <span>

namespace headroom::profile_fit {

struct GridPlan {
  LogGrid grid;
  Smoothing smoothing;
};

/// The knots of a kernel that lie among the samples' sizes, and one beyond at each end.
[[nodiscard]] Result<GridPlan> grid_plan(const FitKey& key, std::span<const Sample> samples);

}  // namespace headroom::profile_fit
