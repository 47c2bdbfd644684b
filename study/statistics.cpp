#include "sim/core/assert.hpp"
#include "study/study.hpp"

#include <boost/math/distributions/students_t.hpp>

#include <cmath>

namespace headroom {

std::pair<double, std::optional<double>> mean_and_half_width(const std::vector<double>& values) {
  HEADROOM_ASSERT(!values.empty(), "a mean of nothing");
  const auto n = static_cast<double>(values.size());
  double mean = 0.0;
  for (const double value : values) mean += value / n;
  if (values.size() < 2) return {mean, std::nullopt};
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / (n - 1.0));
  const boost::math::students_t_distribution<double> t(n - 1.0);
  return {mean, boost::math::quantile(t, 0.975) * deviation / std::sqrt(n)};
}

}  // namespace headroom
