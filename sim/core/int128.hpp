#pragma once
// 128-bit arithmetic where a product may pass 2^63: sums of GPU-time, and a x b / c exactly.

#include <cstdint>

namespace headroom {

__extension__ typedef __int128 Int128;  // NOLINT(modernize-use-using): only a typedef takes it

/// floor(a x b / c) for non-negative a, b and positive c. Precondition: the result fits int64.
[[nodiscard]] constexpr std::int64_t mul_div_floor(std::int64_t a, std::int64_t b, std::int64_t c) {
  std::int64_t product = 0;  // the usual case needs no 128-bit division, which is slow
  if (!__builtin_mul_overflow(a, b, &product)) return product / c;
  return static_cast<std::int64_t>(static_cast<Int128>(a) * b / c);
}

/// ceil(a x b / c), likewise.
[[nodiscard]] constexpr std::int64_t mul_div_ceil(std::int64_t a, std::int64_t b, std::int64_t c) {
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) return product / c + (product % c != 0 ? 1 : 0);
  return static_cast<std::int64_t>((static_cast<Int128>(a) * b + c - 1) / c);
}

}  // namespace headroom
