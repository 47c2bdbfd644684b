#include "sim/run/failure_clock.hpp"

#include "sim/core/random.hpp"

#include <boost/random/weibull_distribution.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

// The mean of a Weibull distribution is scale x gamma(1 + 1 / shape).
Duration draw(const std::string& stream, std::uint64_t seed, Duration mean, double shape) {
  RandomStream random = random_stream(seed, stream);
  const double scale = to_seconds(mean) / std::tgamma(1.0 + 1.0 / shape);
  const double seconds = boost::random::weibull_distribution<double>(shape, scale)(random);
  if (!(seconds < to_seconds(kMaxInputTime))) return kMaxInputTime;
  return std::max(Duration(1), Duration(std::llround(seconds * 1e9)));
}

}  // namespace

Duration FailureClock::to_failure(std::string_view node, std::uint64_t failure) const {
  return draw(fmt::format("failure {} of {}", failure, node), seed_, model_.mtbf, model_.shape);
}

Duration FailureClock::to_repair(std::string_view node, std::uint64_t failure) const {
  return draw(fmt::format("repair {} of {}", failure, node), seed_, model_.repair,
              model_.repair_shape);
}

}  // namespace headroom
