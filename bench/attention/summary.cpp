#include "bench/attention/summary.hpp"

#include "sim/core/quantile.hpp"

#include <boost/math/distributions/binomial.hpp>

#include <algorithm>
#include <cmath>

namespace headroom::bench {
namespace {

// How many samples of n lie below the interval: as many as lie below the median with at most 2.5 %
// chance. The quantile of boost is rounded outwards, to where that still holds.
std::size_t outside(std::size_t n) {
  const boost::math::binomial_distribution<double> below_median(static_cast<double>(n), 0.5);
  const auto most = static_cast<std::size_t>(boost::math::quantile(below_median, 0.025));
  return std::min(most, (n - 1) / 2);
}

}  // namespace

Summary summarize(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  Summary out;
  out.n = times.size();
  const auto n = static_cast<double>(out.n);
  for (const double time : times) out.mean += time / n;
  double squares = 0.0;
  for (const double time : times) squares += (time - out.mean) * (time - out.mean);
  out.stdev = out.n < 2 ? 0.0 : std::sqrt(squares / (n - 1.0));
  out.median = quantile(times, 0.5);
  const std::size_t left_out = outside(out.n);
  out.median_ci95 = {times[left_out], times[out.n - 1 - left_out]};
  out.min = times.front();
  out.p05 = quantile(times, 0.05);
  out.p25 = quantile(times, 0.25);
  out.p75 = quantile(times, 0.75);
  out.p95 = quantile(times, 0.95);
  return out;
}

double relative_half_width(const Summary& summary) {
  return (summary.median_ci95.second - summary.median_ci95.first) / (2.0 * summary.median);
}

}  // namespace headroom::bench
