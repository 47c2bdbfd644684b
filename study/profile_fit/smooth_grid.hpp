#pragma once
// Values at the knots of a grid from samples between them: least squares, with a penalty on what is
// not smooth.

#include "sim/core/result.hpp"
#include "sim/cost/log_grid.hpp"

#include <span>
#include <vector>

namespace headroom::profile_fit {

struct Smoothing {
  /// Of each axis: the weight of a squared second difference (of the value by the logarithm of the
  /// size to base 2) against that of a squared sample. Of two knots the first difference counts.
  std::vector<double> curvature;
  /// The weight of a squared first difference on each axis: beyond all samples values go on level.
  double slope = 0.0;
  /// The weight of a knot's squared value: far from all samples values fade to 0.
  double ridge = 1e-4;
};

/// The value of each knot of the grid; `cells` are where the samples lie. Error: no samples, or
/// equations without a finite solution.
[[nodiscard]] Result<std::vector<double>> fit_grid(const LogGrid& grid,
                                                   std::span<const LogGrid::Cell> cells,
                                                   std::span<const double> values,
                                                   const Smoothing& smoothing);

}  // namespace headroom::profile_fit
