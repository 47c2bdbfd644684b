#pragma once
// Types of the numbers that GPUs compute with.

#include <cstdint>

namespace headroom {

/// Of weights, activations and entries of a cache. fp8: any of its encodings.
enum class ElementType : std::uint8_t { bf16, fp16, fp8 };

/// Bytes of one number.
[[nodiscard]] constexpr std::int64_t type_bytes(ElementType type) {
  return type == ElementType::fp8 ? 1 : 2;
}

}  // namespace headroom
