#pragma once
// What one warp does with 16 or 32 rows of queries and a tile of keys, by mma.sync m16n8k16:
// scores, online softmax (Milakov and Gimelshein, 2018), and the weighted sum of values with the
// weights left in registers, where the sums of one multiplication are the A operand of the next
// (FlashAttention-2).

#include "kernels/attention/gpu/tile_layout.hpp"
#include "kernels/attention/problem.hpp"
#include "kernels/device/simt.cuh"

#include <cmath>
#include <cstdint>

namespace headroom::kernels {

HEADROOM_DEVICE int lane_of_warp() { return simt::thread() & 31; }

/// Sums of [16 kRowTiles, 8 kColumnTiles], as simt::multiply_add leaves them.
template <int kRowTiles, int kColumnTiles>
struct Sums {
  float at[kRowTiles][kColumnTiles][4];

  HEADROOM_DEVICE void clear() {
    HEADROOM_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      HEADROOM_UNROLL
      for (int c = 0; c < kColumnTiles; ++c) {
        HEADROOM_UNROLL
        for (int i = 0; i < 4; ++i) at[r][c][i] = 0.0F;
      }
    }
  }

  /// Rows by the factors of OnlineSoftmax::weigh.
  HEADROOM_DEVICE void scale(const float (&factors)[kRowTiles][2]) {
    HEADROOM_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      HEADROOM_UNROLL
      for (int c = 0; c < kColumnTiles; ++c) {
        HEADROOM_UNROLL
        for (int i = 0; i < 4; ++i) at[r][c][i] *= factors[r][i / 2];
      }
    }
  }
};

/// Queries of a warp that stay in shared memory: rows of the tile at `tile`, from `row` on.
template <int kHeadDim>
class SharedQueries {
 public:
  HEADROOM_DEVICE SharedQueries(std::uint32_t tile, int row)
      : rows_(tile + static_cast<std::uint32_t>(row * kHeadDim * 2)) {}

  /// The A operand of 16 rows and 16 of the head dimension.
  HEADROOM_DEVICE void load(std::uint32_t (&words)[4], int row_tile, int step) const {
    const LanePlace place = lane_by_rows(lane_of_warp());
    simt::load_matrices(
        words, rows_ + chunk_offset(row_tile * 16 + place.row, step * 2 + place.chunk, kHeadDim));
  }

 private:
  std::uint32_t rows_;
};

/// The same, held in registers.
template <int kHeadDim, int kRowTiles>
class HeldQueries {
 public:
  HEADROOM_DEVICE HeldQueries(std::uint32_t tile, int row) {
    const SharedQueries<kHeadDim> shared(tile, row);
    HEADROOM_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      HEADROOM_UNROLL
      for (int step = 0; step < kHeadDim / 16; ++step) shared.load(words_[r][step], r, step);
    }
  }
  HEADROOM_DEVICE void load(std::uint32_t (&words)[4], int row_tile, int step) const {
    HEADROOM_UNROLL
    for (int i = 0; i < 4; ++i) words[i] = words_[row_tile][step][i];
  }

 private:
  std::uint32_t words_[kRowTiles][kHeadDim / 16][4];
};

/// scores = queries keys^T, unscaled; the keys are the rows of the tile at `keys`.
template <ElementType kType, int kHeadDim, int kRowTiles, int kKeyTiles, class Queries>
HEADROOM_DEVICE void multiply_keys(Sums<kRowTiles, kKeyTiles>& scores, const Queries& queries,
                                   std::uint32_t keys) {
  scores.clear();
  const LanePlace place = lane_by_columns(lane_of_warp());
  HEADROOM_UNROLL
  for (int step = 0; step < kHeadDim / 16; ++step) {
    std::uint32_t a[kRowTiles][4];
    HEADROOM_UNROLL
    for (int r = 0; r < kRowTiles; ++r) queries.load(a[r], r, step);
    HEADROOM_UNROLL
    for (int pair = 0; pair < kKeyTiles / 2; ++pair) {
      std::uint32_t b[4];
      simt::load_matrices(
          b, keys + chunk_offset(pair * 16 + place.row, step * 2 + place.chunk, kHeadDim));
      HEADROOM_UNROLL
      for (int r = 0; r < kRowTiles; ++r) {
        simt::multiply_add<kType>(scores.at[r][2 * pair], a[r], b[0], b[1]);
        simt::multiply_add<kType>(scores.at[r][2 * pair + 1], a[r], b[2], b[3]);
      }
    }
  }
}

/// Weights of 16 keys, two tiles of 8, as the A operand of 16 rows: the sums of one multiplication
/// stand where the next takes them.
template <ElementType kType>
HEADROOM_DEVICE void pack_weights(std::uint32_t (&words)[4], const float (&low)[4],
                                  const float (&high)[4]) {
  words[0] = simt::pack<kType>(low[0], low[1]);
  words[1] = simt::pack<kType>(low[2], low[3]);
  words[2] = simt::pack<kType>(high[0], high[1]);
  words[3] = simt::pack<kType>(high[2], high[3]);
}

/// sums += weights values; the values are the rows of the tile at `values`.
template <ElementType kType, int kHeadDim, int kRowTiles, int kKeyTiles>
HEADROOM_DEVICE void add_values(Sums<kRowTiles, kHeadDim / 8>& sums,
                                const Sums<kRowTiles, kKeyTiles>& weights, std::uint32_t values) {
  const LanePlace place = lane_by_rows(lane_of_warp());
  HEADROOM_UNROLL
  for (int pair = 0; pair < kKeyTiles / 2; ++pair) {
    std::uint32_t a[kRowTiles][4];
    HEADROOM_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      pack_weights<kType>(a[r], weights.at[r][2 * pair], weights.at[r][2 * pair + 1]);
    }
    HEADROOM_UNROLL
    for (int column = 0; column < kHeadDim / 16; ++column) {
      std::uint32_t b[4];
      simt::load_matrices_transposed(
          b, values + chunk_offset(pair * 16 + place.row, column * 2 + place.chunk, kHeadDim));
      HEADROOM_UNROLL
      for (int r = 0; r < kRowTiles; ++r) {
        simt::multiply_add<kType>(sums.at[r][2 * column], a[r], b[0], b[1]);
        simt::multiply_add<kType>(sums.at[r][2 * column + 1], a[r], b[2], b[3]);
      }
    }
  }
}

/// Weight of exp2(score - base) where all scores are minus infinity would be that of their
/// difference, which is no number: then any finite base does.
HEADROOM_DEVICE float finite_base(float largest) { return largest == -INFINITY ? 0.0F : largest; }

/// Per row, over the tiles seen: the largest score, and the sum of the weights relative to it. Each
/// lane sums its own columns until finish().
template <int kRowTiles>
class OnlineSoftmax {
 public:
  HEADROOM_DEVICE OnlineSoftmax() {
    HEADROOM_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      HEADROOM_UNROLL
      for (int half = 0; half < 2; ++half) {
        largest[r][half] = -INFINITY;
        sum[r][half] = 0.0F;
      }
    }
  }

  /// Scores become weights; sums of earlier tiles are rescaled. scale_log2: scale of the scores
  /// times log2(e), positive.
  template <int kKeyTiles, int kColumnTiles>
  HEADROOM_DEVICE void update(Sums<kRowTiles, kKeyTiles>& scores,
                              Sums<kRowTiles, kColumnTiles>& sums, float scale_log2) {
    HEADROOM_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      HEADROOM_UNROLL
      for (int half = 0; half < 2; ++half) {
        const float rescale = update_row(scores.at[r], r, half, scale_log2);
        HEADROOM_UNROLL
        for (int c = 0; c < kColumnTiles; ++c) {
          sums.at[r][c][2 * half] *= rescale;
          sums.at[r][c][2 * half + 1] *= rescale;
        }
      }
    }
  }

  /// The same in two steps, where sums of earlier tiles cannot be touched yet: `rescale` is what
  /// they are to be scaled by.
  template <int kKeyTiles>
  HEADROOM_DEVICE void weigh(Sums<kRowTiles, kKeyTiles>& scores, float (&rescale)[kRowTiles][2],
                             float scale_log2) {
    HEADROOM_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      HEADROOM_UNROLL
      for (int half = 0; half < 2; ++half) {
        rescale[r][half] = update_row(scores.at[r], r, half, scale_log2);
      }
    }
  }

  /// Adds up the four lanes of each row.
  HEADROOM_DEVICE void finish() {
    HEADROOM_UNROLL
    for (int r = 0; r < kRowTiles; ++r) {
      HEADROOM_UNROLL
      for (int half = 0; half < 2; ++half) {
        sum[r][half] += simt::shuffle_xor(sum[r][half], 1);
        sum[r][half] += simt::shuffle_xor(sum[r][half], 2);
      }
    }
  }

  float largest[kRowTiles][2];  // unscaled
  float sum[kRowTiles][2];

 private:
  template <int kKeyTiles>
  HEADROOM_DEVICE float update_row(float (&row)[kKeyTiles][4], int r, int half, float scale_log2) {
    float most = largest[r][half];
    HEADROOM_UNROLL
    for (int c = 0; c < kKeyTiles; ++c) {
      most = fmaxf(most, fmaxf(row[c][2 * half], row[c][2 * half + 1]));
    }
    most = fmaxf(most, simt::shuffle_xor(most, 1));
    most = fmaxf(most, simt::shuffle_xor(most, 2));
    const float base = finite_base(most) * scale_log2;
    const float rescale = simt::exp2_fast(fmaf(largest[r][half], scale_log2, -base));
    float added = 0.0F;
    HEADROOM_UNROLL
    for (int c = 0; c < kKeyTiles; ++c) {
      HEADROOM_UNROLL
      for (int i = 2 * half; i < 2 * half + 2; ++i) {
        row[c][i] = simt::exp2_fast(fmaf(row[c][i], scale_log2, -base));
        added += row[c][i];
      }
    }
    largest[r][half] = most;
    sum[r][half] = fmaf(sum[r][half], rescale, added);
    return rescale;
  }
};

}  // namespace headroom::kernels
