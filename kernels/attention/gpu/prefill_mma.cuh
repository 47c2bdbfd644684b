#pragma once
// Prefill by mma.sync, after FlashAttention-2 (Dao, 2023): a block has a tile of queries of one
// head and walks over tiles of its keys, the next on its way while one is worked on. Any batch:
// ragged, fewer queries than keys (chunked prefill), causal or not, paged or contiguous.

#include "kernels/attention/gpu/limits.hpp"
#include "kernels/attention/gpu/prefill_tile.hpp"
#include "kernels/attention/gpu/prefill_work.cuh"
#include "kernels/attention/gpu/warp_tile.cuh"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace headroom::kernels {

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

template <ElementType kType, int kHeadDim>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(prefill_tile(kHeadDim).threads(),
                                            prefill_tile(kHeadDim).blocks)
    prefill_kernel(PrefillArguments arguments) {
  constexpr PrefillTile kTile = prefill_tile(kHeadDim);
  constexpr PrefillShared kShared = prefill_shared(kHeadDim);
  constexpr int kRowTiles = kTile.row_tiles;
  const AttentionProblem& problem = arguments.problem;
  const PrefillWork work = prefill_work(problem, kTile.rows(), kTile.keys);
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
  store_queries<kType, kHeadDim>(problem, work, sums, softmax,
                                 simt::shared_memory() + kShared.queries, warp_row);
}

template <ElementType kType, int kHeadDim>
Status launch_prefill(const AttentionProblem& problem, void* /*workspace*/,
                      std::size_t /*workspace_bytes*/, void* stream) {
  if (problem.q_tokens == 0) return Status::ok;
  return simt::launch(prefill_kernel<kType, kHeadDim>, prefill_shape(problem), stream,
                      PrefillArguments{problem, page_shift_of(problem)});
}

}  // namespace headroom::kernels
