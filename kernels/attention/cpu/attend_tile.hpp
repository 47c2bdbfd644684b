#pragma once
// The tile by vectors of L::kWidth floats. Included by one file for each instruction set, and
// compiled there with its flags: everything is local to that file, and no inline function of
// another header is called, since the linker might take the copy that this processor cannot run.
//
// The method is the online softmax of M. Milakov and N. Gimelshein, "Online normalizer calculation
// for softmax" (2018), over blocks of keys as T. Dao et al., "FlashAttention" (NeurIPS 2022).

#include "kernels/attention/cpu/tile.hpp"

#include <cstddef>
#include <cstdint>

namespace headroom::kernels {
namespace {

template <class L>
struct TileOf {
  using Vector = typename L::Vector;

  static constexpr int kRowsAtOnce = 4;
  static constexpr float kNothing = -__builtin_inff();
  static constexpr std::ptrdiff_t kQ = 0;  // of the scratch: [kTileRows, head_dim], scaled
  static constexpr std::ptrdiff_t kK = kQ + std::ptrdiff_t{kTileRows} * kMostHeadDim;
  static constexpr std::ptrdiff_t kV = kK + std::ptrdiff_t{kTileKeys} * kMostHeadDim;
  static constexpr std::ptrdiff_t kWeights = kV + std::ptrdiff_t{kTileKeys} * kMostHeadDim;

  const Tile& tile;
  float* q = tile.scratch + kQ;
  float* k = tile.scratch + kK;              // [kTileKeys, head_dim]
  float* v = tile.scratch + kV;              // [kTileKeys, head_dim]
  float* weights = tile.scratch + kWeights;  // [kTileRows, kTileKeys]
  float largest[kTileRows] = {};
  float sum[kTileRows] = {};

  [[nodiscard]] float* row_of(float* rows, int row) const {
    return rows + std::ptrdiff_t{row} * tile.head_dim;
  }
  [[nodiscard]] float* weights_of(int row) const {
    return weights + std::ptrdiff_t{row} * kTileKeys;
  }

  void run() {
    const int dim = tile.head_dim;
    for (int i = 0; i < kTileRows * dim; ++i) q[i] = tile.out[i] = 0.0F;
    for (float& each : largest) each = kNothing;
    for (int r = 0; r < tile.rows; ++r) {
      float* const row = row_of(q, r);
      widen(tile.q[r], row);
      for (int d = 0; d < dim; ++d) row[d] *= tile.scale;
    }
    for (int first = 0; first < tile.keys; first += kTileKeys) take_keys(first);
    for (int r = 0; r < tile.rows; ++r) {
      const float share = sum[r] > 0.0F ? 1.0F / sum[r] : 0.0F;
      for (int d = 0; d < dim; ++d) row_of(tile.out, r)[d] *= share;
    }
  }

  void take_keys(int first) {
    const int dim = tile.head_dim;
    const int count = tile.keys - first < kTileKeys ? tile.keys - first : kTileKeys;
    for (int j = 0; j < count; ++j) {
      widen(tile.k[first + j], row_of(k, j));
      widen(tile.v[first + j], row_of(v, j));
    }
    for (int row = 0; row < tile.rows; row += kRowsAtOnce) {
      for (int j = 0; j < count; j += 2) scores(row, j);
      float rescale[kRowsAtOnce];
      for (int r = 0; r < kRowsAtOnce; ++r) rescale[r] = weigh(row + r, first, count);
      for (int d = 0; d < dim; d += 2 * L::kWidth) add_values(row, d, count, rescale);
    }
  }

  void widen(const std::uint16_t* from, float* to) {
    for (int d = 0; d < tile.head_dim; d += L::kWidth)
      L::store(to + d, L::widen(tile.type, from + d));
  }

  // Of four rows and two keys. The last key of an odd number is a stale one, and masked.
  void scores(int row, int key) {
    const int dim = tile.head_dim;
    Vector sums[kRowsAtOnce][2];
    for (auto& pair : sums) pair[0] = pair[1] = L::broadcast(0.0F);
    for (int d = 0; d < dim; d += L::kWidth) {
      const Vector k0 = L::load(row_of(k, key) + d);
      const Vector k1 = L::load(row_of(k, key + 1) + d);
      for (int r = 0; r < kRowsAtOnce; ++r) {
        const Vector query = L::load(row_of(q, row + r) + d);
        sums[r][0] = L::multiply_add(query, k0, sums[r][0]);
        sums[r][1] = L::multiply_add(query, k1, sums[r][1]);
      }
    }
    for (int r = 0; r < kRowsAtOnce; ++r) {
      weights_of(row + r)[key] = L::sum(sums[r][0]);
      weights_of(row + r)[key + 1] = L::sum(sums[r][1]);
    }
  }

  // Turns a row's scores into weights relative to its largest score so far; returns what its sums
  // from before must be multiplied with.
  float weigh(int row, int first, int count) {
    float* const w = weights_of(row);
    const int seen = row < tile.rows ? tile.visible[row] - first : 0;
    const int shown = seen < count ? seen : count;
    float top = largest[row];
    for (int j = 0; j < shown; ++j) top = w[j] > top ? w[j] : top;
    if (shown <= 0) {
      for (int j = 0; j < kTileKeys; ++j) w[j] = 0.0F;
      return 1.0F;
    }
    for (int j = shown; j < kTileKeys; ++j) w[j] = kNothing;
    Vector total = L::broadcast(0.0F);
    for (int j = 0; j < kTileKeys; j += L::kWidth) {
      const Vector weight = L::exp(L::subtract(L::load(w + j), L::broadcast(top)));
      L::store(w + j, weight);
      total = L::add(total, weight);
    }
    const float rescale = L::exp_of_one(largest[row] - top);
    largest[row] = top;
    sum[row] = sum[row] * rescale + L::sum(total);
    return rescale;
  }

  // Adds the weighted values of two vectors of columns to four rows.
  void add_values(int row, int d, int count, const float* rescale) {
    Vector sums[kRowsAtOnce][2];
    for (int r = 0; r < kRowsAtOnce; ++r) {
      const float* const out = row_of(tile.out, row + r) + d;
      sums[r][0] = L::multiply(L::load(out), L::broadcast(rescale[r]));
      sums[r][1] = L::multiply(L::load(out + L::kWidth), L::broadcast(rescale[r]));
    }
    for (int j = 0; j < count; ++j) {
      const Vector v0 = L::load(row_of(v, j) + d);
      const Vector v1 = L::load(row_of(v, j) + d + L::kWidth);
      for (int r = 0; r < kRowsAtOnce; ++r) {
        const Vector weight = L::broadcast(weights_of(row + r)[j]);
        sums[r][0] = L::multiply_add(weight, v0, sums[r][0]);
        sums[r][1] = L::multiply_add(weight, v1, sums[r][1]);
      }
    }
    for (int r = 0; r < kRowsAtOnce; ++r) {
      float* const out = row_of(tile.out, row + r) + d;
      L::store(out, sums[r][0]);
      L::store(out + L::kWidth, sums[r][1]);
    }
  }
};

}  // namespace
}  // namespace headroom::kernels
