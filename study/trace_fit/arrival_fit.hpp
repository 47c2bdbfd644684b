#pragma once
// The arrivals' part of fit_trace.

#include "study/trace_fit/fit_trace.hpp"

namespace headroom {

/// Precondition: at least two different times of arrival.
[[nodiscard]] ArrivalSpec fit_arrivals(const TraceProfile& profile, const TraceFitOptions& options);

/// The two-state process whose gaps have this coefficient of variation (above 1): an interrupted
/// Poisson process, equal in law to a hyperexponential renewal process with balanced means
/// (Kuczura 1973; recalled). Dwells in seconds at `rate_per_h`.
[[nodiscard]] std::vector<ModulatedState> interrupted_poisson(double cv, double rate_per_h);

}  // namespace headroom
