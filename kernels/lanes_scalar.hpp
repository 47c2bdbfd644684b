#pragma once
// One float at a time, for processors without AVX2.

#include "kernels/attention/element.hpp"

#include <cmath>

namespace headroom::kernels {
namespace {

struct Scalar {
  using Vector = float;
  static constexpr int kWidth = 1;

  static Vector load(const float* from) { return *from; }
  static void store(float* to, Vector value) { *to = value; }
  static Vector broadcast(float value) { return value; }
  static Vector add(Vector a, Vector b) { return a + b; }
  static Vector subtract(Vector a, Vector b) { return a - b; }
  static Vector multiply(Vector a, Vector b) { return a * b; }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return a * b + c; }
  static float sum(Vector value) { return value; }
  static Vector exp(Vector value) { return std::exp(value); }
  static float exp_of_one(float value) { return std::exp(value); }
  static Vector widen(ElementType type, const std::uint16_t* from) { return to_float(type, *from); }
};

}  // namespace
}  // namespace headroom::kernels
