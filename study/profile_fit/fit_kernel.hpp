#pragma once
// The fit of one kernel's times: a sum of work over rates, a correction on a grid, and how far both
// are off for shapes that they have not seen.

#include "sim/core/result.hpp"
#include "sim/cost/fitted_time.hpp"
#include "sim/hardware/gpu_type.hpp"
#include "study/profile_fit/samples.hpp"

namespace headroom::profile_fit {

/// Fewer are not fitted: nothing would be left to judge the fit by.
inline constexpr std::size_t kFewestSamples = 20;

/// The form is fitted in relative errors at the data sheet's rates, the correction to the logarithm
/// of what is left, in thousandths.
///
/// `errors` and `inside` are of shapes left out whole, a fifth at a time; where there is one shape
/// alone, of points. Of collectives between three group sizes or more, each size is left out whole
/// too; of both the larger median, the larger 90th percentile and the wider `inside` count.
/// `outside` is of the tenth of the points with the most work, predicted from the rest, and no
/// narrower than `inside`. Error: fewer samples than kFewestSamples, or samples that no form can
/// fit with coefficients that a profile may have.
[[nodiscard]] Result<FittedTime> fit_kernel(const SampleSet& set, const GpuType& gpu);

}  // namespace headroom::profile_fit
