#pragma once
// The smallest problem for wgmma: one product with both operands in shared memory, and one with the
// first in registers. What a host needs of it; the kernel is in one_tile.cuh.

#include "kernels/attention/element.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace headroom::test {

constexpr int kTileRows = 64;
constexpr int kTileColumns = 80;
constexpr int kTileDepth = 64;

/// Pointers of the kernel: out[64, 80] = a[64, 64] b[80, 64]^T, then products[64, 64] = out b by
/// rounded sums; fp16 in, fp32 out.
struct OneTile {
  const std::uint16_t* a;
  const std::uint16_t* b;
  float* out;
  float* products;
};

/// Normal numbers.
struct TileOperands {
  explicit TileOperands(std::uint32_t seed)
      : a(kTileRows * kTileDepth), b(kTileColumns * kTileDepth) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (auto* all : {&a, &b}) {
      for (auto& value : *all)
        value = kernels::from_float(kernels::ElementType::fp16, normal(random));
    }
  }
  std::vector<std::uint16_t> a, b;
};

/// Not numbers before.
struct TileResults {
  std::vector<float> out = std::vector<float>(kTileRows * kTileColumns, NAN);
  std::vector<float> products = std::vector<float>(kTileRows * kTileDepth, NAN);
};

/// The largest absolute error of each; infinite where one is no number.
struct TileErrors {
  double out = 0.0;
  double products = 0.0;
};
inline TileErrors errors_of(const TileResults& found, const TileOperands& operands) {
  const auto number = [](std::uint16_t bits) {
    return static_cast<double>(kernels::to_float(kernels::ElementType::fp16, bits));
  };
  const auto rounded = [&](float sum) {
    return number(kernels::from_float(kernels::ElementType::fp16, sum));
  };
  const auto error = [](float is, double should) {
    const double off = std::abs(static_cast<double>(is) - should);
    return std::isnan(off) ? HUGE_VAL : off;
  };
  constexpr std::size_t kRows = kTileRows, kColumns = kTileColumns, kDepth = kTileDepth;
  TileErrors errors;
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      double sum = 0.0;
      for (std::size_t k = 0; k < kDepth; ++k) {
        sum += number(operands.a[row * kDepth + k]) * number(operands.b[column * kDepth + k]);
      }
      errors.out = std::max(errors.out, error(found.out[row * kColumns + column], sum));
    }
    for (std::size_t column = 0; column < kDepth; ++column) {
      double sum = 0.0;
      for (std::size_t k = 0; k < kColumns; ++k) {
        sum += rounded(found.out[row * kColumns + k]) * number(operands.b[k * kDepth + column]);
      }
      errors.products =
          std::max(errors.products, error(found.products[row * kDepth + column], sum));
    }
  }
  return errors;
}

}  // namespace headroom::test
