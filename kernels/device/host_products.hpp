#pragma once
// Multiplications by wgmma that a thread has under way on a host.

#include "kernels/attention/problem.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace headroom::kernels::simt::internal {

/// What all threads of a warpgroup give alike.
struct ProductShape {
  ElementType type;
  int columns;
  bool a_is_held;  // in registers, else in memory
  bool b_is_across;
  bool accumulate;
  std::uint64_t a;  // descriptors
  std::uint64_t b;
  bool operator==(const ProductShape&) const = default;
};

/// a_now: where the registers of A stand, which stay as they were given until the end.
struct Product {
  ProductShape shape;
  const std::uint32_t* a_now;
  std::array<std::uint32_t, 4> a_given;
  float* sums;
};

/// Of a thread: registers that multiplications write, by the address of the first, are not numbers
/// while one is under way; the values stand in `sums` here.
struct Products {
  std::vector<Product> open;
  std::deque<std::vector<Product>> groups;
  std::map<float*, std::vector<float>> sums;
  std::size_t count = 0;    // begun so far
  bool is_ordered = false;  // registers, by a fence since they were last waited for
};

/// Of one step of a warp: 16 rows of A, and B by columns.
struct Operands {
  std::array<std::array<float, 16>, 16> a{};
  std::array<std::array<float, 16>, 256> b{};
};

}  // namespace headroom::kernels::simt::internal
