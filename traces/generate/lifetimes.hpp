#pragma once
// How long generated tasks run: log-normal, Weibull, or the quantiles of a trace.

#include <variant>
#include <vector>

namespace headroom {

/// exp(N(ln median, sigma^2)); mean = median x exp(sigma^2 / 2).
struct LogNormalLifetime {
  double median_s = 14'400.0;  // above 0
  double sigma = 1.0;          // of the natural logarithm; 0 = all are the median
};

/// P(X > x) = exp(-(x / scale)^shape); mean = scale x Gamma(1 + 1/shape).
struct WeibullLifetime {
  double shape = 1.0;  // above 0; below 1 the tail is heavier than exponential
  double scale_s = 3'600.0;
};

/// The quantile function through these points: between two of them straight in the logarithm of
/// the lifetime, or in the lifetime itself where the lower one is 0.
struct EmpiricalLifetime {
  std::vector<double> probabilities;  // ascending, the first 0, the last 1
  std::vector<double> quantiles_s;    // as many, not descending
};

using LifetimeSpec = std::variant<LogNormalLifetime, WeibullLifetime, EmpiricalLifetime>;

/// The lifetime in seconds that a share u of all is at most. Precondition: 0 < u < 1.
[[nodiscard]] double lifetime_at(const LifetimeSpec& spec, double u);

/// Its mean in seconds, exact for each distribution.
[[nodiscard]] double mean_lifetime(const LifetimeSpec& spec);

}  // namespace headroom
