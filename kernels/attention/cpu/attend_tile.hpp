#pragma once
// The tile by vectors of L::kWidth floats. Included by one file for each instruction set, and
// compiled there with its flags: everything is local to that file, and no inline function of
// another header is called, since the linker might take the copy that this processor cannot run.
//
// The method is the online softmax of M. Milakov and N. Gimelshein, "Online normalizer calculation
// for softmax" (2018), over blocks of keys as T. Dao et al., "FlashAttention" (NeurIPS 2022).

#include "kernels/attention/cpu/tile.hpp"

namespace headroom::kernels {
namespace {

constexpr int kRowsAtOnce = 4;
constexpr float kNothing = -__builtin_inff();

template <class L>
struct TileOf {
  using Vector = typename L::Vector;

  const Tile& tile;
  float* q = tile.scratch;                        // [kTileRows, head_dim], scaled
  float* k = q + kTileRows * kMostHeadDim;        // [kTileKeys, head_dim]
  float* v = k + kTileKeys * kMostHeadDim;        // [kTileKeys, head_dim]
  float* weights = v + kTileKeys * kMostHeadDim;  // [kTileRows, kTileKeys]
  float largest[kTileRows] = {};
  float sum[kTileRows] = {};

  void run() {
    const int dim = tile.head_dim;
    for (int i = 0; i < kTileRows * dim; ++i) q[i] = tile.out[i] = 0.0F;
    for (int r = 0; r < kTileRows; ++r) largest[r] = kNothing;
    for (int r = 0; r < tile.rows; ++r) {
      widen(tile.q[r], q + r * dim);
      for (int d = 0; d < dim; ++d) q[r * dim + d] *= tile.scale;
    }
    for (int first = 0; first < tile.keys; first += kTileKeys) take_keys(first);
    for (int r = 0; r < tile.rows; ++r) {
      const float share = sum[r] > 0.0F ? 1.0F / sum[r] : 0.0F;
      for (int d = 0; d < dim; ++d) tile.out[r * dim + d] *= share;
    }
  }

  void take_keys(int first) {
    const int dim = tile.head_dim;
    const int count = tile.keys - first < kTileKeys ? tile.keys - first : kTileKeys;
    for (int j = 0; j < count; ++j) {
      widen(tile.k[first + j], k + j * dim);
      widen(tile.v[first + j], v + j * dim);
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
      const Vector k0 = L::load(k + key * dim + d);
      const Vector k1 = L::load(k + (key + 1) * dim + d);
      for (int r = 0; r < kRowsAtOnce; ++r) {
        const Vector query = L::load(q + (row + r) * dim + d);
        sums[r][0] = L::multiply_add(query, k0, sums[r][0]);
        sums[r][1] = L::multiply_add(query, k1, sums[r][1]);
      }
    }
    for (int r = 0; r < kRowsAtOnce; ++r) {
      weights[(row + r) * kTileKeys + key] = L::sum(sums[r][0]);
      weights[(row + r) * kTileKeys + key + 1] = L::sum(sums[r][1]);
    }
  }

  // Turns a row's scores into weights relative to its largest score so far; returns what its sums
  // from before must be multiplied with.
  float weigh(int row, int first, int count) {
    float* const w = weights + row * kTileKeys;
    const int seen = row < tile.rows ? tile.visible[row] - first : 0;
    const int shown = seen < count ? seen : count;
    float top = largest[row];
    for (int j = 0; j < shown; ++j) top = w[j] > top ? w[j] : top;
    for (int j = shown > 0 ? shown : 0; j < kTileKeys; ++j) w[j] = kNothing;
    if (shown <= 0) {
      for (int j = 0; j < kTileKeys; ++j) w[j] = 0.0F;
      return 1.0F;
    }
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
    const int dim = tile.head_dim;
    Vector sums[kRowsAtOnce][2];
    for (int r = 0; r < kRowsAtOnce; ++r) {
      const float* const out = tile.out + (row + r) * dim + d;
      sums[r][0] = L::multiply(L::load(out), L::broadcast(rescale[r]));
      sums[r][1] = L::multiply(L::load(out + L::kWidth), L::broadcast(rescale[r]));
    }
    for (int j = 0; j < count; ++j) {
      const Vector v0 = L::load(v + j * dim + d);
      const Vector v1 = L::load(v + j * dim + d + L::kWidth);
      for (int r = 0; r < kRowsAtOnce; ++r) {
        const Vector weight = L::broadcast(weights[(row + r) * kTileKeys + j]);
        sums[r][0] = L::multiply_add(weight, v0, sums[r][0]);
        sums[r][1] = L::multiply_add(weight, v1, sums[r][1]);
      }
    }
    for (int r = 0; r < kRowsAtOnce; ++r) {
      float* const out = tile.out + (row + r) * dim + d;
      L::store(out, sums[r][0]);
      L::store(out + L::kWidth, sums[r][1]);
    }
  }
};

}  // namespace
}  // namespace headroom::kernels
