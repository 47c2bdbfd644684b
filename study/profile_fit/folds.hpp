#pragma once
// Which samples are left out together when a fit is judged, and what that says.

#include "sim/cost/fitted_time.hpp"
#include "study/profile_fit/samples.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace headroom::profile_fit {

struct Folds {
  std::size_t count = 0;
  std::int64_t shapes = 0;
  std::vector<std::size_t> of;  // of each sample; `count`: never left out
};

/// Five folds of whole shapes (fewer where there are fewer; with one shape, of single samples),
/// equally many in each, spread by a hash of the shape. Shapes are equal in number, points are not.
[[nodiscard]] Folds folds_by_shape(std::span<const Sample> samples);
/// A fold for each family.
[[nodiscard]] Folds folds_by_family(std::span<const Sample> samples);
/// One fold, of the tenth of the samples with the most work.
[[nodiscard]] Folds fold_of_most(std::span<const double> works);

/// `ratios`: measured over predicted; not empty.
[[nodiscard]] FitErrors errors_of(std::span<const double> ratios, const Folds& folds);
/// From the 5th to the 95th percentile, to thousandths, and 1 in any case.
[[nodiscard]] Spread spread_of(std::span<const double> ratios);

}  // namespace headroom::profile_fit
