#include "kernels/attention/element.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace headroom::kernels {
namespace {

constexpr int kHalfFraction = 10;
constexpr int kHalfLeastExponent = -14;  // of a normal number
constexpr std::uint16_t kHalfInfinity = 0x7C00;

float half_to_float(std::uint16_t bits) {
  const int exponent = (bits >> kHalfFraction) & 0x1F;
  const int fraction = bits & 0x3FF;
  float magnitude = 0.0F;
  if (exponent == 0x1F) {
    magnitude = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), kHalfLeastExponent - kHalfFraction);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction + 0x400), exponent - 15 - kHalfFraction);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

// Counted in units of the last place, where rounding to an integer is rounding to the type.
std::uint16_t half_of_magnitude(float magnitude) {
  if (std::isnan(magnitude)) return kHalfInfinity | 0x200;
  if (magnitude == 0.0F) return 0;
  const int exponent = std::max(std::ilogb(magnitude), kHalfLeastExponent);
  if (exponent > 15) return kHalfInfinity;
  const auto units =
      static_cast<int>(std::nearbyint(std::ldexp(magnitude, kHalfFraction - exponent)));
  // A carry out of the fraction is the next exponent, and of the last one infinity.
  const int biased = exponent - kHalfLeastExponent;
  return static_cast<std::uint16_t>((biased << kHalfFraction) + units);
}

std::uint16_t bf16_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  const std::uint32_t to_even = 0x7FFF + ((bits >> 16) & 1);
  return static_cast<std::uint16_t>((bits + to_even) >> 16);
}

}  // namespace

float to_float(ElementType type, std::uint16_t bits) {
  if (type == ElementType::fp16) return half_to_float(bits);
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t from_float(ElementType type, float value) {
  if (type == ElementType::bf16) return bf16_of(value);
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  return static_cast<std::uint16_t>(sign | half_of_magnitude(std::fabs(value)));
}

}  // namespace headroom::kernels
