#pragma once
// 16-bit numbers of the host: bf16 (8 bits of exponent, 7 of fraction) and IEEE half precision.

#include "kernels/attention/problem.hpp"

#include <cstdint>

namespace headroom::kernels {

[[nodiscard]] float to_float(ElementType type, std::uint16_t bits);

/// The nearest number of the type, ties to even; what is too large becomes infinite, NaN stays NaN.
[[nodiscard]] std::uint16_t from_float(ElementType type, float value);

}  // namespace headroom::kernels
