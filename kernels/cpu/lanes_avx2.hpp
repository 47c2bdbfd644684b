#pragma once
// Eight floats at a time. Included only by files that are compiled with -mavx2 -mfma -mf16c
// (kernels/CMakeLists.txt) and called only where the processor has them; local to each of them.

#if defined(__AVX2__)  // so that it is nothing to others

#include "kernels/attention/problem.hpp"

#include <immintrin.h>

namespace headroom::kernels {
namespace {

struct Avx2 {
  /// Below this exp is less than the least normal float, and counts as zero.
  static constexpr float kLeastExponent = -87.3F;

  using Vector = __m256;
  static constexpr int kWidth = 8;

  static Vector load(const float* from) { return _mm256_load_ps(from); }
  static void store(float* to, Vector value) { _mm256_store_ps(to, value); }
  static Vector broadcast(float value) { return _mm256_set1_ps(value); }
  static Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector subtract(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }

  static float sum(Vector value) {
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(value), _mm256_extractf128_ps(value, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
  }

  // 2^n e^r with n the nearest integer to x / ln 2 and e^r by its series to r^6 / 720: |r| is at
  // most 0.35, so what is left out is under 1e-7 of it. ln 2 is taken off in two parts.
  static Vector exp(Vector x) {
    const Vector n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504F)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    Vector r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693145752F), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(1.42860677e-6F), r);
    Vector series = _mm256_set1_ps(1.0F / 720.0F);
    constexpr float kFactors[] = {1.0F / 120.0F, 1.0F / 24.0F, 1.0F / 6.0F, 0.5F, 1.0F, 1.0F};
    for (const float factor : kFactors) {
      series = _mm256_fmadd_ps(series, r, _mm256_set1_ps(factor));
    }
    const __m256i power =
        _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    const Vector scaled = _mm256_mul_ps(series, _mm256_castsi256_ps(power));
    const Vector counts = _mm256_cmp_ps(x, _mm256_set1_ps(kLeastExponent), _CMP_GE_OQ);
    return _mm256_and_ps(scaled, counts);
  }

  static float exp_of_one(float value) { return _mm256_cvtss_f32(exp(_mm256_set1_ps(value))); }

  static Vector widen(ElementType type, const std::uint16_t* from) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    if (type == ElementType::fp16) return _mm256_cvtph_ps(bits);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }
};

}  // namespace
}  // namespace headroom::kernels

#endif
