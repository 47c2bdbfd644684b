#pragma once
// How often a launch is timed: until its median is known well enough, or enough was spent on it.

#include "bench/attention/summary.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace headroom::bench {

struct StoppingRule {
  std::size_t least = 15;
  std::size_t most = 300;
  double half_width = 0.01;     // of the median's 95 % interval, relative to the median
  double budget_us = 60'000.0;  // of times added up; at least `least_slow` samples all the same
  std::size_t least_slow = kLeastForInterval;
};

struct Sampled {
  std::vector<double> times;  // us, in order
  Summary summary;
  bool settled = false;  // the interval is as narrow as was asked for
};

/// Times one launch again and again; time_once returns microseconds above 0.
[[nodiscard]] Sampled sample(const StoppingRule& rule, const std::function<double()>& time_once);

}  // namespace headroom::bench
