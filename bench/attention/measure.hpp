#pragma once
// One point, from warm-up to what stands in the profile.

#include "bench/attention/device.hpp"
#include "bench/attention/point.hpp"
#include "bench/attention/sampler.hpp"
#include "sim/core/result.hpp"
#include "study/profile/profile.hpp"

#include <cstdint>
#include <string>
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

/// Why a point has no figures.
enum class Left : std::uint8_t { unsupported, wrong, no_time, interrupted };
struct NotMeasured {
  Left why = Left::unsupported;
  std::string reason;
};

/// Not measured: the device cannot take the point, or the outputs are wrong.
[[nodiscard]] tl::expected<Measured, NotMeasured> measure(Device& device, const Point& point,
                                                          const Implementation& implementation,
                                                          const MeasureOptions& options);

}  // namespace headroom::bench
