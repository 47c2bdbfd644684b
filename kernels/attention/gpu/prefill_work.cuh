#pragma once
// What the kernels of prefill share: which queries of which head a block has, how many tiles of
// keys they see, masks, and how its outputs are stored.

#include "kernels/attention/gpu/sequence.cuh"
#include "kernels/attention/gpu/tile_layout.hpp"
#include "kernels/attention/gpu/warp_tile.cuh"

#include <cmath>
#include <cstdint>

namespace headroom::kernels {

struct PrefillArguments {
  AttentionProblem problem;
  int page_shift;
};

/// What a block works on.
struct PrefillWork {
  Sequence sequence;
  int head;
  int kv_head;
  int first_row;  // of its queries, counted in the sequence
  int key_tiles;  // that any of its queries sees
};

/// rows: queries of a block; keys: of a tile.
HEADROOM_DEVICE PrefillWork prefill_work(const AttentionProblem& problem, int rows, int keys) {
  const int group = problem.q_heads / problem.kv_heads;
  PrefillWork work{};
  work.sequence = sequence_of(problem, simt::block_z());
  work.kv_head = simt::block_y();
  work.head = work.kv_head * group + simt::block_x() % group;
  // Late queries see most keys: they go first, so that short work fills the end.
  const int tiles = ceil_div(problem.longest_q, rows);
  work.first_row = (tiles - 1 - simt::block_x() / group) * rows;
  const int behind = work.first_row + rows;
  const int last = (behind < work.sequence.q_length ? behind : work.sequence.q_length) - 1;
  const int visible = visible_keys_of(problem, work.sequence, last);
  work.key_tiles = visible > 0 ? ceil_div(visible, keys) : 0;
  return work;
}

/// Element of q or out where a query of the block's head begins; row: counted in the sequence.
template <int kHeadDim>
HEADROOM_DEVICE std::int64_t query_offset(const AttentionProblem& problem, const PrefillWork& work,
                                          int row) {
  const std::int64_t token = static_cast<std::int64_t>(work.sequence.q_start) + row;
  return (token * problem.q_heads + work.head) * kHeadDim;
}

/// Scores of keys that a row does not see become minus infinity. first_row: of the warp, in the
/// sequence.
template <int kRowTiles, int kKeyTiles>
HEADROOM_DEVICE void mask_keys(Sums<kRowTiles, kKeyTiles>& scores, const AttentionProblem& problem,
                               const Sequence& sequence, int first_row, int first_key) {
  const int lane = lane_of_warp();
  const int all_seen = first_key + kKeyTiles * 8;
  // The first row sees fewest; what no row may see, keys beyond the length, it does not see either.
  const int least = visible_keys_of(problem, sequence, first_row);
  if (all_seen <= (least < sequence.kv_length ? least : sequence.kv_length)) return;
  HEADROOM_UNROLL
  for (int r = 0; r < kRowTiles; ++r) {
    HEADROOM_UNROLL
    for (int i = 0; i < 4; ++i) {
      const int row = first_row + r * 16 + sum_row(lane) + i / 2 * 8;
      const int seen = visible_keys_of(problem, sequence, row);
      HEADROOM_UNROLL
      for (int c = 0; c < kKeyTiles; ++c) {
        const int key = first_key + c * 8 + sum_column(lane) + i % 2;
        if (key >= seen) scores.at[r][c][i] = -INFINITY;
      }
    }
  }
}

/// The warp's rows, from `warp_row` of the block's on, to `shared`, where queries were that nobody
/// reads any more, and from there to memory by 16 bytes.
template <ElementType kType, int kHeadDim, int kRowTiles>
HEADROOM_DEVICE void store_queries(const AttentionProblem& problem, const PrefillWork& work,
                                   const Sums<kRowTiles, kHeadDim / 8>& sums,
                                   const OnlineSoftmax<kRowTiles>& softmax, unsigned char* shared,
                                   int warp_row) {
  constexpr int kChunks = kHeadDim / kChunkElements;
  const int lane = lane_of_warp();
  HEADROOM_UNROLL
  for (int r = 0; r < kRowTiles; ++r) {
    HEADROOM_UNROLL
    for (int half = 0; half < 2; ++half) {
      const float weights = softmax.sum[r][half];
      const float inverse = weights > 0.0F ? 1.0F / weights : 0.0F;
      const int row = warp_row + r * 16 + sum_row(lane) + half * 8;
      HEADROOM_UNROLL
      for (int c = 0; c < kHeadDim / 8; ++c) {
        const std::uint32_t at =
            chunk_offset(row, c, kHeadDim) + static_cast<std::uint32_t>(sum_column(lane) * 2);
        *reinterpret_cast<std::uint32_t*>(shared + at) = simt::pack<kType>(
            sums.at[r][c][2 * half] * inverse, sums.at[r][c][2 * half + 1] * inverse);
      }
    }
  }
  simt::sync_warp();
  auto* out = static_cast<std::uint16_t*>(problem.out);
  for (int i = lane; i < kRowTiles * 16 * kChunks; i += 32) {
    const int row = warp_row + i / kChunks;
    const int chunk = i % kChunks;
    if (work.first_row + row >= work.sequence.q_length) break;
    const std::int64_t at = query_offset<kHeadDim>(problem, work, work.first_row + row);
    *reinterpret_cast<simt::Words4*>(out + at + chunk * kChunkElements) =
        *reinterpret_cast<const simt::Words4*>(shared + chunk_offset(row, chunk, kHeadDim));
  }
}

}  // namespace headroom::kernels
