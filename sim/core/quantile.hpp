#pragma once
// Quantiles of samples.

#include <algorithm>
#include <cstddef>
#include <span>

namespace headroom {

/// Of ascending values, between neighbours in proportion (type 7 of Hyndman and Fan, The American
/// Statistician 50, 1996). Preconditions: there is a value; 0 <= share <= 1.
[[nodiscard]] inline double quantile(std::span<const double> sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

}  // namespace headroom
