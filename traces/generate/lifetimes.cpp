#include "traces/generate/lifetimes.hpp"

#include "sim/core/assert.hpp"

#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace headroom {
namespace {

// Double all through: the default would compute in long double, which is not the same everywhere.
using InDouble = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

double at(const LogNormalLifetime& spec, double u) {
  const double normal = -std::sqrt(2.0) * boost::math::erfc_inv(2.0 * u, InDouble());
  return spec.median_s * std::exp(spec.sigma * normal);
}

double at(const WeibullLifetime& spec, double u) {
  return spec.scale_s * std::pow(-std::log1p(-u), 1.0 / spec.shape);
}

double at(const EmpiricalLifetime& spec, double u) {
  const auto& p = spec.probabilities;
  const auto above = std::upper_bound(p.begin(), p.end(), u);
  if (above == p.end()) return spec.quantiles_s.back();
  const auto i = static_cast<std::size_t>(above - p.begin());
  HEADROOM_ASSERT(i > 0, "the quantiles must begin at 0");
  const double low = spec.quantiles_s[i - 1];
  const double high = spec.quantiles_s[i];
  const double part = (u - p[i - 1]) / (p[i] - p[i - 1]);
  if (low == high) return low;
  if (low <= 0.0) return high * part;
  return low * std::exp(part * std::log(high / low));
}

double mean(const LogNormalLifetime& spec) {
  return spec.median_s * std::exp(spec.sigma * spec.sigma / 2.0);
}

double mean(const WeibullLifetime& spec) {
  return spec.scale_s * boost::math::tgamma(1.0 + 1.0 / spec.shape, InDouble());
}

double mean(const EmpiricalLifetime& spec) {
  double sum = 0.0;
  for (std::size_t i = 1; i < spec.quantiles_s.size(); ++i) {
    const double low = spec.quantiles_s[i - 1];
    const double high = spec.quantiles_s[i];
    const double width = spec.probabilities[i] - spec.probabilities[i - 1];
    // The logarithmic mean: the integral of an exponential between its ends. Where the ends are
    // all but equal it is 0/0, and their middle is as near as doubles get.
    const bool straight = low <= 0.0 || high / low < 1.0 + 1e-6;
    sum += width * (straight ? (low + high) / 2.0 : (high - low) / std::log(high / low));
  }
  return sum;
}

}  // namespace

double lifetime_at(const LifetimeSpec& spec, double u) {
  return std::visit([&](const auto& distribution) { return at(distribution, u); }, spec);
}

double mean_lifetime(const LifetimeSpec& spec) {
  return std::visit([](const auto& distribution) { return mean(distribution); }, spec);
}

}  // namespace headroom
