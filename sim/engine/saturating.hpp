#pragma once
// Sums and products of sizes that stay inside int64, whatever a request asks for.

#include "sim/core/units.hpp"

#include <cstdint>
#include <limits>

namespace headroom {

// Sums of a few of these stay inside int64.
inline constexpr Bytes kSaturated = std::numeric_limits<Bytes>::max() / 4;

/// a x b of non-negative numbers, at most kSaturated.
[[nodiscard]] constexpr std::int64_t times(std::int64_t a, std::int64_t b) {
  return b != 0 && a > kSaturated / b ? kSaturated : a * b;
}
/// a + b of non-negative numbers, at most kSaturated.
[[nodiscard]] constexpr std::int64_t plus(std::int64_t a, std::int64_t b) {
  return a > kSaturated - b ? kSaturated : a + b;
}

}  // namespace headroom
