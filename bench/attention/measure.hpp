#pragma once
// One point, from warm-up to what stands in the profile.

#include "bench/attention/device.hpp"
#include "bench/attention/point.hpp"
#include "bench/attention/sampler.hpp"
#include "sim/core/result.hpp"
#include "study/profile/profile.hpp"

#include <vector>

namespace headroom::bench {

struct MeasureOptions {
  StoppingRule rule;
  int checked_rows = 16;  // 0: none
  bool counters = false;  // after all times
};

struct Measured {
  Point point;
  std::vector<double> cold_us;  // each sample, in order
};

/// Error: the device cannot take the point, or the outputs are wrong.
[[nodiscard]] Result<Measured> measure(Device& device, const Point& point,
                                       const Implementation& implementation,
                                       const MeasureOptions& options);

}  // namespace headroom::bench
