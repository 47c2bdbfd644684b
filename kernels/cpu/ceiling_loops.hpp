#pragma once
// The loops by vectors of L::kWidth floats; included as attend_tile.hpp is, for the same reasons.

#include "kernels/cpu/ceilings.hpp"

namespace headroom::kernels {
namespace {

template <class L>
Done multiply_adds(std::size_t rounds) {
  constexpr int kRegisters = 12;  // independent sums: two units, each with a latency of 4 or 5
  typename L::Vector sums[kRegisters];
  for (int i = 0; i < kRegisters; ++i) sums[i] = L::broadcast(static_cast<float>(i));
  const auto factor = L::broadcast(0.999F);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (auto& sum : sums) sum = L::multiply_add(sum, factor, factor);
  }
  float result = 0.0F;
  for (const auto& sum : sums) result += L::sum(sum);
  return {2.0 * kRegisters * L::kWidth * static_cast<double>(rounds), result};
}

template <class L>
Done exponentials(std::size_t rounds) {
  constexpr int kChains = 12;
  typename L::Vector values[kChains];
  for (int i = 0; i < kChains; ++i) values[i] = L::broadcast(-0.1F * static_cast<float>(i + 1));
  for (std::size_t round = 0; round < rounds; ++round) {
    // exp(-x) of a number between 0 and 1 is one again.
    for (auto& value : values) value = L::exp(L::subtract(L::broadcast(0.0F), value));
  }
  float result = 0.0F;
  for (const auto& value : values) result += L::sum(value);
  return {1.0 * kChains * L::kWidth * static_cast<double>(rounds), result};
}

}  // namespace
}  // namespace headroom::kernels
