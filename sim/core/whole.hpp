#pragma once
// Whole parts of whole numbers.

#include <cstdint>

namespace headroom {

/// ceil(a / b). Preconditions: a >= 0, b >= 1.
[[nodiscard]] constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return a / b + (a % b != 0 ? 1 : 0);
}

/// The smallest multiple of `unit` that is at least a. Preconditions as above, and that it is
/// inside int64.
[[nodiscard]] constexpr std::int64_t round_up(std::int64_t a, std::int64_t unit) {
  return divide_up(a, unit) * unit;
}

}  // namespace headroom
