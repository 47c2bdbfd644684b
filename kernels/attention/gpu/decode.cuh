#pragma once
// Decoding: one query a sequence, keys split over blocks (FlashDecoding: Dao et al., 2023). The
// query heads of a KV head are the rows of one mma tile, so K and V are read once for all of them.
// Paged or contiguous.
//
// Warps are alone until the end: each has its own keys, its own ring of asynchronous copies, its
// own softmax; no barrier of the block is in the loop. Then warps are merged in shared memory, and
// splits by a second kernel. The last block of a sequence could merge them too, and save a launch,
// but it needs counters that someone sets to zero before each launch, which costs as much; the
// second kernel starts while the first ends, where the GPU can.

#include "kernels/attention/gpu/decode_work.cuh"
#include "kernels/attention/gpu/limits.hpp"
#include "kernels/attention/gpu/merge_splits.cuh"
#include "kernels/attention/gpu/warp_tile.cuh"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace headroom::kernels {

/// The queries of the block's heads to shared memory; rows without a head are zeros.
template <int kHeadDim>
HEADROOM_DEVICE void copy_decode_queries(const AttentionProblem& problem, const DecodeWork& work,
                                         std::uint32_t to) {
  constexpr int kChunks = kHeadDim / kChunkElements;
  const auto* q = static_cast<const std::uint16_t*>(problem.q);
  const std::int64_t first =
      (static_cast<std::int64_t>(work.sequence.q_start) * problem.q_heads + work.first_head) *
      kHeadDim;
  for (int i = simt::thread(); i < kDecodeRows * kChunks; i += kDecodeWarps * 32) {
    const int row = i / kChunks;
    const int chunk = i % kChunks;
    const bool valid = row < work.heads;
    simt::copy_async_16(to + chunk_offset(row, chunk, kHeadDim),
                        q + first + (valid ? row : 0) * kHeadDim + chunk * kChunkElements, valid);
  }
}

/// A warp's keys of the block's chunk, 16 at a time: tile i begins at key begin + 16 (4 i + warp).
/// The page of a tile is read when the one before it is copied, so that nothing waits for it.
template <int kHeadDim>
class DecodeFeed {
 public:
  HEADROOM_DEVICE DecodeFeed(const DecodeArguments& arguments, const DecodeWork& work,
                             std::uint32_t ring, int warp)
      : arguments_(arguments), work_(work), ring_(ring), warp_(warp) {
    const int all = (work.end - work.begin + kDecodeWarpKeys - 1) / kDecodeWarpKeys;
    tiles_ = (all + kDecodeWarps - 1 - warp) / kDecodeWarps;
    look_up(0);
  }

  HEADROOM_DEVICE int tiles() const { return tiles_; }
  HEADROOM_DEVICE int first_key(int tile) const {
    return work_.begin + (tile * kDecodeWarps + warp_) * kDecodeWarpKeys;
  }
  HEADROOM_DEVICE static std::uint32_t keys_at(std::uint32_t ring, int slot) {
    return ring + static_cast<std::uint32_t>(slot * kSlotBytes);
  }
  HEADROOM_DEVICE static std::uint32_t values_at(std::uint32_t ring, int slot) {
    return keys_at(ring, slot) + kSlotBytes / 2;
  }

  /// The next tile to a slot, as one group of copies: an empty one after the last.
  HEADROOM_DEVICE void copy_next(int slot) {
    if (next_ < tiles_) {
      copy_rows(slot);
      look_up(++next_);
    }
    simt::commit_copies();
  }

 private:
  static constexpr int kSlotBytes = kDecodeWarpKeys * kHeadDim * 2 * 2;

  HEADROOM_DEVICE void look_up(int tile) {
    if (work_.sequence.pages == nullptr || tile >= tiles_) return;
    page_ = work_.sequence.pages[first_key(tile) >> arguments_.page_shift];
  }

  HEADROOM_DEVICE void copy_rows(int slot) {
    constexpr int kChunks = kHeadDim / kChunkElements;
    constexpr int kRowsAtOnce = 32 / kChunks;
    const AttentionProblem& problem = arguments_.problem;
    const int key = first_key(next_);
    std::int64_t token = static_cast<std::int64_t>(work_.sequence.kv_start) + key;
    if (work_.sequence.pages != nullptr) {  // a tile is within a page: both are aligned to 16
      const int slot_of_page = key & ((1 << arguments_.page_shift) - 1);
      token = (static_cast<std::int64_t>(page_) << arguments_.page_shift) + slot_of_page;
    }
    const int left = work_.end - key;
    const int chunk = lane_of_warp() % kChunks;
    const int token_elements = problem.kv_heads * kHeadDim;
    const std::int64_t first =
        token * token_elements + work_.kv_head * kHeadDim + chunk * kChunkElements;
    const auto* k = static_cast<const std::uint16_t*>(problem.k) + first;
    const auto* v = static_cast<const std::uint16_t*>(problem.v) + first;
    HEADROOM_UNROLL
    for (int i = 0; i < kDecodeWarpKeys / kRowsAtOnce; ++i) {
      const int row = i * kRowsAtOnce + lane_of_warp() / kChunks;
      const bool valid = row < left;
      const std::int64_t offset = static_cast<std::int64_t>(valid ? row : 0) * token_elements;
      const std::uint32_t to = chunk_offset(row, chunk, kHeadDim);
      simt::copy_async_16(keys_at(ring_, slot) + to, k + offset, valid);
      simt::copy_async_16(values_at(ring_, slot) + to, v + offset, valid);
    }
  }

  const DecodeArguments& arguments_;
  const DecodeWork& work_;
  std::uint32_t ring_;
  int warp_;
  int tiles_ = 0;
  int next_ = 0;
  int page_ = 0;
};

/// Scores of keys from `left` on become minus infinity.
HEADROOM_DEVICE void mask_decode_keys(Sums<1, 2>& scores, int left) {
  HEADROOM_UNROLL
  for (int c = 0; c < 2; ++c) {
    HEADROOM_UNROLL
    for (int i = 0; i < 4; ++i) {
      const int column = c * 8 + sum_column(lane_of_warp()) + i % 2;
      if (column >= left) scores.at[0][c][i] = -INFINITY;
    }
  }
}

/// All of a warp's tiles. The first stages - 1 of them are on their way.
template <ElementType kType, int kHeadDim, class Queries>
HEADROOM_DEVICE void decode_tiles(DecodeFeed<kHeadDim>& feed, const DecodeWork& work,
                                  const Queries& queries, std::uint32_t ring, float scale_log2,
                                  OnlineSoftmax<1>& softmax, Sums<1, kHeadDim / 8>& sums) {
  constexpr int kStages = decode_tile(kHeadDim).stages;
  int slot = 0;
  int free_slot = kStages - 1;
  for (int tile = 0; tile < feed.tiles(); ++tile) {
    simt::wait_copies<kStages - 2>();
    simt::sync_warp();  // all lanes' copies are in, and all are done with the slot of the last tile
    feed.copy_next(free_slot);
    Sums<1, 2> scores;
    multiply_keys<kType, kHeadDim>(scores, queries, DecodeFeed<kHeadDim>::keys_at(ring, slot));
    const int left = work.end - feed.first_key(tile);
    if (left < kDecodeWarpKeys) mask_decode_keys(scores, left);
    softmax.update(scores, sums, scale_log2);
    add_values<kType, kHeadDim>(sums, scores, DecodeFeed<kHeadDim>::values_at(ring, slot));
    free_slot = slot;
    slot = slot + 1 == kStages ? 0 : slot + 1;
  }
}

/// A warp's sums, in its ring, and its largest score and sum of weights of each row.
template <int kHeadDim>
HEADROOM_DEVICE void store_warp_sums(const Sums<1, kHeadDim / 8>& sums,
                                     const OnlineSoftmax<1>& softmax, int warp) {
  constexpr DecodeShared kShared = decode_shared(kHeadDim);
  unsigned char* shared = simt::shared_memory();
  auto* rows = reinterpret_cast<float*>(shared + kShared.rings + warp * kShared.ring);
  auto* state = reinterpret_cast<simt::Float2*>(shared + kShared.state) + warp * kDecodeRows;
  const int lane = lane_of_warp();
  HEADROOM_UNROLL
  for (int half = 0; half < 2; ++half) {
    const int row = sum_row(lane) + 8 * half;
    HEADROOM_UNROLL
    for (int c = 0; c < kHeadDim / 8; ++c) {
      *reinterpret_cast<simt::Float2*>(rows + row * kShared.sum_row + c * 8 + sum_column(lane)) = {
          sums.at[0][c][2 * half], sums.at[0][c][2 * half + 1]};
    }
    if (sum_column(lane) == 0) state[row] = {softmax.largest[0][half], softmax.sum[0][half]};
  }
}

/// Four columns of a row, of all warps together.
struct MergedColumns {
  simt::Float4 sums;
  float largest;
  float weights;
};
template <int kHeadDim>
HEADROOM_DEVICE MergedColumns merge_warps(int row, int column, float scale_log2) {
  constexpr DecodeShared kShared = decode_shared(kHeadDim);
  const unsigned char* shared = simt::shared_memory();
  const auto* state = reinterpret_cast<const simt::Float2*>(shared + kShared.state) + row;
  MergedColumns merged{{0.0F, 0.0F, 0.0F, 0.0F}, -INFINITY, 0.0F};
  HEADROOM_UNROLL
  for (int warp = 0; warp < kDecodeWarps; ++warp) {
    merged.largest = fmaxf(merged.largest, state[warp * kDecodeRows].x);
  }
  const float base = finite_base(merged.largest);
  HEADROOM_UNROLL
  for (int warp = 0; warp < kDecodeWarps; ++warp) {
    const simt::Float2 of_warp = state[warp * kDecodeRows];
    const float weight = simt::exp2_fast((of_warp.x - base) * scale_log2);
    const auto* rows = reinterpret_cast<const float*>(shared + kShared.rings + warp * kShared.ring);
    const auto part = *reinterpret_cast<const simt::Float4*>(rows + row * kShared.sum_row + column);
    merged.weights = fmaf(weight, of_warp.y, merged.weights);
    merged.sums.x = fmaf(weight, part.x, merged.sums.x);
    merged.sums.y = fmaf(weight, part.y, merged.sums.y);
    merged.sums.z = fmaf(weight, part.z, merged.sums.z);
    merged.sums.w = fmaf(weight, part.w, merged.sums.w);
  }
  return merged;
}

/// The block's rows: to the output where the sequence has one chunk, else to the workspace.
template <ElementType kType, int kHeadDim>
HEADROOM_DEVICE void store_decode_rows(const DecodeArguments& arguments, const DecodeWork& work,
                                       float scale_log2) {
  constexpr int kVectors = kHeadDim / 4;
  const AttentionProblem& problem = arguments.problem;
  for (int i = simt::thread(); i < work.heads * kVectors; i += kDecodeWarps * 32) {
    const int row = i / kVectors;
    const int column = i % kVectors * 4;
    const int head = work.first_head + row;
    const MergedColumns merged = merge_warps<kHeadDim>(row, column, scale_log2);
    if (work.parts == 1) {
      const float inverse = merged.weights > 0.0F ? 1.0F / merged.weights : 0.0F;
      auto* out =
          static_cast<std::uint16_t*>(problem.out) +
          (static_cast<std::int64_t>(work.sequence.q_start) * problem.q_heads + head) * kHeadDim +
          column;
      *reinterpret_cast<simt::Words2*>(out) = {
          simt::pack<kType>(merged.sums.x * inverse, merged.sums.y * inverse),
          simt::pack<kType>(merged.sums.z * inverse, merged.sums.w * inverse)};
    } else {
      const std::int64_t at =
          (static_cast<std::int64_t>(work.index) * problem.q_heads + head) * arguments.plan.splits +
          work.split;
      *reinterpret_cast<simt::Float4*>(arguments.partial_sums + at * kHeadDim + column) =
          merged.sums;
      if (column == 0) arguments.partial_state[at] = {merged.largest, merged.weights};
    }
  }
}

template <ElementType kType, int kHeadDim>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(kDecodeWarps * 32, decode_tile(kHeadDim).blocks)
    decode_kernel(DecodeArguments arguments) {
  constexpr DecodeTile kTile = decode_tile(kHeadDim);
  constexpr DecodeShared kShared = decode_shared(kHeadDim);
  const DecodeWork work = decode_work(arguments);
  if (work.sequence.q_length == 0 || work.split >= work.parts) return;
  const int warp = simt::thread() / 32;
  const float scale_log2 = arguments.problem.scale * kLog2E;
  const std::uint32_t shared = simt::shared_address(simt::shared_memory());
  const auto ring = shared + static_cast<std::uint32_t>(kShared.rings + warp * kShared.ring);

  copy_decode_queries<kHeadDim>(arguments.problem, work, shared + kShared.queries);
  simt::commit_copies();
  DecodeFeed<kHeadDim> feed(arguments, work, ring, warp);
  HEADROOM_UNROLL
  for (int stage = 0; stage < kTile.stages - 1; ++stage) feed.copy_next(stage);
  simt::wait_copies<kTile.stages - 1>();
  simt::sync_block();  // the queries are in

  using Queries = std::conditional_t<kTile.queries_in_registers, HeldQueries<kHeadDim, 1>,
                                     SharedQueries<kHeadDim>>;
  const Queries queries(shared + kShared.queries, 0);
  OnlineSoftmax<1> softmax;
  Sums<1, kHeadDim / 8> sums;
  sums.clear();
  decode_tiles<kType, kHeadDim>(feed, work, queries, ring, scale_log2, softmax, sums);
  simt::allow_next_grid();
  softmax.finish();
  simt::wait_copies<0>();
  simt::sync_warp();  // the ring is done with
  store_warp_sums<kHeadDim>(sums, softmax, warp);
  simt::sync_block();
  store_decode_rows<kType, kHeadDim>(arguments, work, scale_log2);
}

/// As `plan` splits it; launch_decode chooses one.
template <ElementType kType, int kHeadDim>
Status launch_decode_as(const AttentionProblem& problem, const DecodePlan& plan, void* workspace,
                        void* stream) {
  if (problem.q_tokens == 0) return Status::ok;
  const std::int64_t rows = static_cast<std::int64_t>(problem.batch) * problem.q_heads;
  DecodeArguments arguments{problem, plan, page_shift_of(problem), nullptr, nullptr};
  if (plan.splits > 1) {
    arguments.partial_sums = static_cast<float*>(workspace);
    arguments.partial_state =
        reinterpret_cast<simt::Float2*>(arguments.partial_sums + rows * plan.splits * kHeadDim);
  }
  LaunchShape shape;
  shape.grid_x = static_cast<std::int64_t>(problem.kv_heads) * plan.row_tiles;
  shape.grid_y = plan.splits;
  shape.grid_z = problem.batch;
  shape.threads = kDecodeWarps * 32;
  shape.shared_bytes = static_cast<std::size_t>(decode_shared(kHeadDim).total);
  const Status status = simt::launch(decode_kernel<kType, kHeadDim>, shape, stream, arguments);
  if (status != Status::ok || plan.splits == 1) return status;
  return launch_merge<kType, kHeadDim>(arguments, stream);
}

template <ElementType kType, int kHeadDim>
Status launch_decode(const AttentionProblem& problem, void* workspace, std::size_t workspace_bytes,
                     void* stream) {
  const int multiprocessors = simt::multiprocessors();
  if (multiprocessors == 0) return Status::no_device;
  const std::size_t needed = decode_workspace_bytes(problem, multiprocessors);
  if (workspace_bytes < needed) return Status::workspace_too_small;
  if (needed > 0 && !is_aligned_pointer(workspace)) return Status::misaligned;
  return launch_decode_as<kType, kHeadDim>(problem, decode_plan(problem, multiprocessors),
                                           workspace, stream);
}

}  // namespace headroom::kernels
