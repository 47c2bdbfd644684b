#pragma once
// What is kept of a list of times.

#include <cstddef>
#include <utility>
#include <vector>

namespace headroom::bench {

inline constexpr std::size_t kLeastForInterval = 6;

/// All in microseconds.
struct Summary {
  std::size_t n = 0;
  double median = 0.0;
  /// Order statistics that hold the true median with at least 95 % chance whatever the distribution
  /// (J.-Y. Le Boudec, "Performance Evaluation of Computer and Communication Systems", 2.2). Under
  /// kLeastForInterval samples there are none, and it is all of them.
  std::pair<double, double> median_ci95;
  double mean = 0.0;
  double stdev = 0.0;
  double min = 0.0;
  double p05 = 0.0;
  double p25 = 0.0;
  double p75 = 0.0;
  double p95 = 0.0;
};

/// times: at least one, in any order. Quantiles between samples are interpolated.
[[nodiscard]] Summary summarize(std::vector<double> times);

/// Half the interval's width, relative to the median.
[[nodiscard]] double relative_half_width(const Summary& summary);

}  // namespace headroom::bench
