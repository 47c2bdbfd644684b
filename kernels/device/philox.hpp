#pragma once
// Philox 4x32-10: random numbers from a counter, the same in any order and on any device. After
// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.

#include "kernels/device/launch_shape.hpp"

#include <cstdint>

namespace headroom::kernels {

struct PhiloxWords {
  std::uint32_t at[4];
};

namespace internal {

struct WideProduct {
  std::uint32_t high, low;
};
HEADROOM_HOST_DEVICE constexpr WideProduct wide_product(std::uint32_t a, std::uint32_t b) {
  const std::uint64_t product = std::uint64_t{a} * b;
  return {static_cast<std::uint32_t>(product >> 32), static_cast<std::uint32_t>(product)};
}

}  // namespace internal

HEADROOM_HOST_DEVICE constexpr PhiloxWords philox(PhiloxWords counter, std::uint32_t key0,
                                                  std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const auto first = internal::wide_product(0xD2511F53U, counter.at[0]);
    const auto second = internal::wide_product(0xCD9E8D57U, counter.at[2]);
    counter = {{second.high ^ counter.at[1] ^ key0, second.low, first.high ^ counter.at[3] ^ key1,
                first.low}};
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  return counter;
}

}  // namespace headroom::kernels
