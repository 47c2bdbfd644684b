#pragma once
// Prefill by mma.sync, after FlashAttention-2 (Dao, 2023): a block has a tile of queries of one
// head and walks over tiles of its keys, the next on its way while one is worked on. Any batch:
// ragged, fewer queries than keys (chunked prefill), causal or not, paged or contiguous.

#include "kernels/attention/gpu/limits.hpp"
#include "kernels/attention/gpu/prefill_tile.hpp"
#include "kernels/attention/gpu/sequence.cuh"
#include "kernels/attention/gpu/warp_tile.cuh"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

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

template <int kHeadDim>
HEADROOM_DEVICE PrefillWork prefill_work(const AttentionProblem& problem) {
  constexpr PrefillTile kTile = prefill_tile(kHeadDim);
  const int group = problem.q_heads / problem.kv_heads;
  PrefillWork work{};
  work.sequence = sequence_of(problem, simt::block_z());
  work.kv_head = simt::block_y();
  work.head = work.kv_head * group + simt::block_x() % group;
  // Late queries see most keys: they go first, so that short work fills the end.
  const int tiles = ceil_div(problem.longest_q, kTile.rows());
  work.first_row = (tiles - 1 - simt::block_x() / group) * kTile.rows();
  const int behind = work.first_row + kTile.rows();
  const int last = (behind < work.sequence.q_length ? behind : work.sequence.q_length) - 1;
  const int visible = visible_keys_of(problem, work.sequence, last);
  work.key_tiles = visible > 0 ? ceil_div(visible, kTile.keys) : 0;
  return work;
}

/// Element of q or out where a query of the block's head begins; row: counted in the sequence.
template <int kHeadDim>
HEADROOM_DEVICE std::int64_t query_offset(const AttentionProblem& problem, const PrefillWork& work,
                                          int row) {
  const std::int64_t token = static_cast<std::int64_t>(work.sequence.q_start) + row;
  return (token * problem.q_heads + work.head) * kHeadDim;
}

/// The block's queries to shared memory; zeros beyond the last.
template <int kHeadDim>
HEADROOM_DEVICE void copy_queries(const AttentionProblem& problem, const PrefillWork& work,
                                  std::uint32_t to) {
  constexpr PrefillTile kTile = prefill_tile(kHeadDim);
  constexpr int kChunks = kHeadDim / kChunkElements;
  const auto* q = static_cast<const std::uint16_t*>(problem.q);
  const int chunk = simt::thread() % kChunks;
  HEADROOM_UNROLL
  for (int row = simt::thread() / kChunks; row < kTile.rows(); row += kTile.threads() / kChunks) {
    const int query = work.first_row + row;
    const bool valid = query < work.sequence.q_length;
    const auto* from = q + query_offset<kHeadDim>(problem, work, valid ? query : 0);
    simt::copy_async_16(to + chunk_offset(row, chunk, kHeadDim), from + chunk * kChunkElements,
                        valid);
  }
}

/// A tile of keys and values to a stage, as one group of copies; zeros beyond the length, where
/// memory may hold anything.
template <int kHeadDim>
HEADROOM_DEVICE void copy_key_tile(const PrefillArguments& arguments, const PrefillWork& work,
                                   int tile, std::uint32_t stage) {
  constexpr PrefillTile kTile = prefill_tile(kHeadDim);
  constexpr int kChunks = kHeadDim / kChunkElements;
  constexpr int kRowsAtOnce = kTile.threads() / kChunks;
  constexpr auto kValues = static_cast<std::uint32_t>(kTile.keys * kHeadDim * 2);
  const AttentionProblem& problem = arguments.problem;
  const int chunk = simt::thread() % kChunks;
  const auto* k = static_cast<const std::uint16_t*>(problem.k) + chunk * kChunkElements;
  const auto* v = static_cast<const std::uint16_t*>(problem.v) + chunk * kChunkElements;
  HEADROOM_UNROLL
  for (int i = 0; i < kTile.keys / kRowsAtOnce; ++i) {
    const int row = i * kRowsAtOnce + simt::thread() / kChunks;
    const int key = tile * kTile.keys + row;
    const bool valid = key < work.sequence.kv_length;
    // Key 0 is there: without keys there are no tiles.
    const std::int64_t token = token_of(work.sequence, valid ? key : 0, arguments.page_shift);
    const std::int64_t from = (token * problem.kv_heads + work.kv_head) * kHeadDim;
    const std::uint32_t to = stage + chunk_offset(row, chunk, kHeadDim);
    simt::copy_async_16(to, k + from, valid);
    simt::copy_async_16(to + kValues, v + from, valid);
  }
  simt::commit_copies();
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

/// The warp's rows to where its queries were, which nobody else reads, and from there to memory by
/// 16 bytes.
template <ElementType kType, int kHeadDim, int kRowTiles>
HEADROOM_DEVICE void store_queries(const AttentionProblem& problem, const PrefillWork& work,
                                   const Sums<kRowTiles, kHeadDim / 8>& sums,
                                   const OnlineSoftmax<kRowTiles>& softmax, int warp_row) {
  constexpr int kChunks = kHeadDim / kChunkElements;
  unsigned char* shared = simt::shared_memory() + prefill_shared(kHeadDim).queries;
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

template <ElementType kType, int kHeadDim>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(prefill_tile(kHeadDim).threads(),
                                            prefill_tile(kHeadDim).blocks)
    prefill_kernel(PrefillArguments arguments) {
  constexpr PrefillTile kTile = prefill_tile(kHeadDim);
  constexpr PrefillShared kShared = prefill_shared(kHeadDim);
  constexpr int kRowTiles = kTile.row_tiles;
  const AttentionProblem& problem = arguments.problem;
  const PrefillWork work = prefill_work<kHeadDim>(problem);
  if (work.first_row >= work.sequence.q_length) return;
  const std::uint32_t shared = simt::shared_address(simt::shared_memory());
  const auto stage_at = [&](int tile) {
    return shared + static_cast<std::uint32_t>(kShared.stages + tile % 2 * kShared.stage);
  };
  const int warp_row = simt::thread() / 32 * kRowTiles * 16;
  const float scale_log2 = problem.scale * kLog2E;

  copy_queries<kHeadDim>(problem, work, shared + kShared.queries);
  simt::commit_copies();
  // From the last tile down: those that need a mask come first.
  int tile = work.key_tiles - 1;
  if (tile >= 0) copy_key_tile<kHeadDim>(arguments, work, tile, stage_at(tile));
  simt::wait_copies<0>();
  simt::sync_block();

  using Queries = std::conditional_t<kTile.queries_in_registers, HeldQueries<kHeadDim, kRowTiles>,
                                     SharedQueries<kHeadDim>>;
  const Queries queries(shared + kShared.queries, warp_row);
  OnlineSoftmax<kRowTiles> softmax;
  Sums<kRowTiles, kHeadDim / 8> sums;
  sums.clear();
  for (; tile >= 0; --tile) {
    if (tile > 0) copy_key_tile<kHeadDim>(arguments, work, tile - 1, stage_at(tile - 1));
    Sums<kRowTiles, kTile.keys / 8> scores;
    multiply_keys<kType, kHeadDim>(scores, queries, stage_at(tile));
    mask_keys(scores, problem, work.sequence, work.first_row + warp_row, tile * kTile.keys);
    softmax.update(scores, sums, scale_log2);
    add_values<kType, kHeadDim>(sums, scores,
                                stage_at(tile) + static_cast<std::uint32_t>(kShared.stage / 2));
    simt::wait_copies<0>();
    simt::sync_block();  // the next tile is in, and all are done with this one
  }
  softmax.finish();
  store_queries<kType, kHeadDim>(problem, work, sums, softmax, warp_row);
}

template <ElementType kType, int kHeadDim>
Status launch_prefill(const AttentionProblem& problem, void* /*workspace*/,
                      std::size_t /*workspace_bytes*/, void* stream) {
  if (problem.q_tokens == 0) return Status::ok;
  return simt::launch(prefill_kernel<kType, kHeadDim>, prefill_shape(problem), stream,
                      PrefillArguments{problem, page_shift_of(problem)});
}

}  // namespace headroom::kernels
