#pragma once
// Prefill for compute capability 9.0, after FlashAttention-3 (Shah et al., 2024): one warpgroup
// copies keys and values, the others multiply by wgmma, and a tile's softmax runs while the values
// of the tile before are multiplied. Any batch, as prefill_mma.cuh.
//
// Keys and values are copied by cp.async, 16 bytes at a time, not by TMA: a box of TMA cannot end
// where a sequence does, and what stands behind must be zeros; and pages may be smaller than tiles.

#include "kernels/attention/gpu/limits.hpp"
#include "kernels/attention/gpu/prefill_wgmma_tile.hpp"
#include "kernels/attention/gpu/prefill_work.cuh"
#include "kernels/device/hopper.cuh"
#include "kernels/device/matrix_descriptor.hpp"

#include <cstddef>
#include <cstdint>

namespace headroom::kernels {

#if HEADROOM_HOPPER_CODE

/// A place of the ring, for one that passes through it from slot to slot. Those who fill it and
/// those who use it go through the same tiles in the same order: keys of the last tile; then of
/// each tile before it the keys, and the values of the one behind; then the values of the first.
template <int kHeadDim>
class RingPlace {
 public:
  explicit HEADROOM_DEVICE RingPlace(std::uint32_t shared) : shared_(shared) {}

  HEADROOM_DEVICE std::uint32_t slot() const {
    return shared_ + static_cast<std::uint32_t>(kShared.ring + slot_ * kShared.slot);
  }
  HEADROOM_DEVICE std::uint32_t full() const { return barrier(kShared.full); }
  HEADROOM_DEVICE std::uint32_t empty() const { return barrier(kShared.empty); }

  HEADROOM_DEVICE void wait_until_full() const { simt::wait_phase(full(), round_); }
  /// In the first round all are: the phase before the first counts as ended.
  HEADROOM_DEVICE void wait_until_empty() const { simt::wait_phase(empty(), round_ ^ 1U); }
  /// By each warp that used it, once its multiplications have ended: that says nothing of the other
  /// warps'.
  HEADROOM_DEVICE void release() const {
    if (lane_of_warp() == 0) simt::arrive(empty());
  }

  /// This place; goes on to the next.
  HEADROOM_DEVICE RingPlace next() {
    const RingPlace now = *this;
    if (++slot_ == prefill_wgmma_tile(kHeadDim).slots) {
      slot_ = 0;
      round_ ^= 1U;
    }
    return now;
  }

 private:
  static constexpr PrefillWgmmaShared kShared = prefill_wgmma_shared(kHeadDim);

  HEADROOM_DEVICE std::uint32_t barrier(int first) const {
    return shared_ + static_cast<std::uint32_t>(first + slot_ * 8);
  }

  std::uint32_t shared_;
  int slot_ = 0;
  std::uint32_t round_ = 0;  // modulo 2
};

template <int kHeadDim>
HEADROOM_DEVICE void init_ring(std::uint32_t shared) {
  constexpr PrefillWgmmaTile kTile = prefill_wgmma_tile(kHeadDim);
  if (simt::thread() == 0) {
    RingPlace<kHeadDim> place(shared);
    for (int slot = 0; slot < kTile.slots; ++slot) {
      const RingPlace<kHeadDim> now = place.next();
      simt::init_phases(now.full(), kWarpgroup);
      simt::init_phases(now.empty(), kTile.groups * kWarpgroup / 32);
    }
  }
  simt::sync_block();
}

/// What the warpgroup that copies does: it fills the ring, and while a slot is on its way it waits
/// for the one before it to land.
template <int kHeadDim>
class KeyFeed {
 public:
  HEADROOM_DEVICE KeyFeed(const PrefillArguments& arguments, const PrefillWork& work,
                          std::uint32_t shared)
      : arguments_(arguments), work_(work), to_fill_(shared), landing_(shared) {}

  /// rows: k or v of the problem.
  HEADROOM_DEVICE void copy(const void* rows, int tile) {
    to_fill_.wait_until_empty();
    copy_rows(static_cast<const std::uint16_t*>(rows), tile, to_fill_.next().slot());
    simt::commit_copies();
    if (is_landing_) announce<1>();
    is_landing_ = true;
  }
  HEADROOM_DEVICE void finish() {
    if (is_landing_) announce<0>();
  }

 private:
  static constexpr PrefillWgmmaTile kTile = prefill_wgmma_tile(kHeadDim);
  static constexpr int kChunks = kHeadDim / kChunkElements;
  static constexpr int kRowsAtOnce = kWarpgroup / kChunks;
  static constexpr int kPageRows = 16;  // no page has fewer, and tiles begin at multiples of it

  /// Once all but the newest kPending copies have landed, the slot before them is full.
  template <int kPending>
  HEADROOM_DEVICE void announce() {
    simt::wait_copies<kPending>();
    simt::show_to_multiplications();
    simt::arrive(landing_.next().full());
  }

  /// Zeros beyond the length, where memory may hold anything.
  HEADROOM_DEVICE void copy_rows(const std::uint16_t* rows, int tile, std::uint32_t to) const {
    const int chunk = simt::thread() % kWarpgroup % kChunks;
    const int own_row = simt::thread() % kWarpgroup / kChunks;
    const std::int64_t token_elements =
        static_cast<std::int64_t>(arguments_.problem.kv_heads) * kHeadDim;
    rows += work_.kv_head * kHeadDim + chunk * kChunkElements;
    HEADROOM_UNROLL
    for (int first = 0; first < kTile.keys; first += kPageRows) {
      const int left = work_.sequence.kv_length - (tile * kTile.keys + first);
      // Key 0 is there: without keys there are no tiles.
      const int key = left > 0 ? tile * kTile.keys + first : 0;
      const std::uint16_t* from =
          rows + token_of(work_.sequence, key, arguments_.page_shift) * token_elements;
      HEADROOM_UNROLL
      for (int i = 0; i < kPageRows; i += kRowsAtOnce) {
        const bool valid = own_row + i < left;
        simt::copy_async_16(to + panel_offset(first + own_row + i, chunk, kTile.keys),
                            from + (valid ? own_row + i : 0) * token_elements, valid);
      }
    }
  }

  const PrefillArguments& arguments_;
  const PrefillWork& work_;
  RingPlace<kHeadDim> to_fill_;
  RingPlace<kHeadDim> landing_;
  bool is_landing_ = false;
};

template <int kHeadDim>
HEADROOM_DEVICE void feed_keys(const PrefillArguments& arguments, const PrefillWork& work,
                               std::uint32_t shared) {
  KeyFeed<kHeadDim> feed(arguments, work, shared);
  const AttentionProblem& problem = arguments.problem;
  for (int tile = work.key_tiles - 1; tile >= 0; --tile) {
    feed.copy(problem.k, tile);
    if (tile + 1 < work.key_tiles) feed.copy(problem.v, tile + 1);
  }
  if (work.key_tiles > 0) feed.copy(problem.v, 0);
  feed.finish();
}

/// A warpgroup that computes: 64 queries of the block's.
template <ElementType kType, int kHeadDim>
class QueryGroup {
 public:
  HEADROOM_DEVICE QueryGroup(const AttentionProblem& problem, const PrefillWork& work,
                             std::uint32_t shared)
      : problem_(problem),
        work_(work),
        group_(simt::thread() / kWarpgroup - 1),
        queries_(shared + static_cast<std::uint32_t>(kShared.queries + group_ * kQueryBytes)),
        place_(shared) {
    sums_.clear();
  }

  HEADROOM_DEVICE void run() {
    copy_queries();
    if (work_.key_tiles > 0) {
      walk_keys();
    }
    softmax_.finish();
    sync_group();  // no warp reads queries any more
    store_queries<kType, kHeadDim>(problem_, work_, sums_, softmax_,
                                   simt::shared_memory() + kShared.queries, warp_row());
  }

 private:
  static constexpr PrefillWgmmaTile kTile = prefill_wgmma_tile(kHeadDim);
  static constexpr PrefillWgmmaShared kShared = prefill_wgmma_shared(kHeadDim);
  static constexpr int kRows = 64;
  static constexpr int kQueryBytes = kRows * kHeadDim * 2;

  HEADROOM_DEVICE int warp_row() const {  // among the block's
    return group_ * kRows + simt::thread() % kWarpgroup / 32 * 16;
  }
  HEADROOM_DEVICE void sync_group() const { simt::sync_some(1 + group_, kWarpgroup); }

  /// Zeros beyond the last.
  HEADROOM_DEVICE void copy_queries() const {
    constexpr int kChunks = kHeadDim / kChunkElements;
    const auto* q = static_cast<const std::uint16_t*>(problem_.q);
    const int chunk = simt::thread() % kWarpgroup % kChunks;
    for (int row = simt::thread() % kWarpgroup / kChunks; row < kRows;
         row += kWarpgroup / kChunks) {
      const int query = work_.first_row + group_ * kRows + row;
      const bool valid = query < work_.sequence.q_length;
      const auto* from = q + query_offset<kHeadDim>(problem_, work_, valid ? query : 0);
      simt::copy_async_16(queries_ + panel_offset(row, chunk, kRows), from + chunk * kChunkElements,
                          valid);
    }
    simt::commit_copies();
    simt::wait_copies<0>();
    simt::show_to_multiplications();
    sync_group();
  }

  /// From the last tile down: those that need a mask come first.
  HEADROOM_DEVICE void walk_keys() {
    const float scale_log2 = problem_.scale * kLog2E;
    float rescale[1][2];
    int tile = work_.key_tiles - 1;
    RingPlace<kHeadDim> keys = place_.next();
    multiply_keys_of(keys);
    simt::wait_multiplications<0>();
    take_scores(keys, tile, rescale, scale_log2);
    pack_scores();
    while (--tile >= 0) {
      keys = place_.next();
      const RingPlace<kHeadDim> values = place_.next();
      multiply_keys_of(keys);
      multiply_values_of(values);
      simt::wait_multiplications<1>();
      take_scores(keys, tile, rescale, scale_log2);
      simt::wait_multiplications<0>();
      take_sums(values);
      sums_.scale(rescale);
      pack_scores();
    }
    const RingPlace<kHeadDim> values = place_.next();
    multiply_values_of(values);
    simt::wait_multiplications<0>();
    take_sums(values);
  }

  /// Scores of a tile, under way.
  HEADROOM_DEVICE void multiply_keys_of(const RingPlace<kHeadDim>& keys) {
    keys.wait_until_full();
    simt::hold(scores_.at[0]);
    simt::order_registers();
    HEADROOM_UNROLL
    for (int step = 0; step < kHeadDim / 16; ++step) {
      const std::uint32_t panel = static_cast<std::uint32_t>(step / 4);
      const std::uint32_t within = static_cast<std::uint32_t>(step % 4 * 32);
      simt::multiply_shared<kType>(
          scores_.at[0], along_rows(queries_ + panel * kRows * kSwizzleRowBytes + within),
          along_rows(keys.slot() + panel * kTile.keys * kSwizzleRowBytes + within), step > 0);
    }
    simt::commit_multiplications();
  }

  /// The weights' product with the values of their tile, under way.
  HEADROOM_DEVICE void multiply_values_of(const RingPlace<kHeadDim>& values) {
    values.wait_until_full();
    simt::order_registers();
    HEADROOM_UNROLL
    for (int step = 0; step < kTile.keys / 16; ++step) {
      simt::multiply_held<kType>(
          sums_.at[0], weights_[step],
          across_rows(values.slot() + static_cast<std::uint32_t>(step * 16 * kSwizzleRowBytes),
                      kTile.keys * kSwizzleRowBytes));
    }
    simt::commit_multiplications();
  }

  /// Scores that have been waited for become weights.
  HEADROOM_DEVICE void take_scores(const RingPlace<kHeadDim>& keys, int tile,
                                   float (&rescale)[1][2], float scale_log2) {
    simt::hold(scores_.at[0]);
    keys.release();
    mask_keys(scores_, problem_, work_.sequence, work_.first_row + warp_row(), tile * kTile.keys);
    softmax_.weigh(scores_, rescale, scale_log2);
  }

  HEADROOM_DEVICE void take_sums(const RingPlace<kHeadDim>& values) {
    simt::hold(sums_.at[0]);
    simt::hold(weights_);
    values.release();
  }

  HEADROOM_DEVICE void pack_scores() {
    HEADROOM_UNROLL
    for (int step = 0; step < kTile.keys / 16; ++step) {
      pack_weights<kType>(weights_[step], scores_.at[0][2 * step], scores_.at[0][2 * step + 1]);
    }
    simt::hold(weights_);
    simt::hold(sums_.at[0]);
  }

  const AttentionProblem& problem_;
  const PrefillWork& work_;
  int group_;
  std::uint32_t queries_;
  RingPlace<kHeadDim> place_;
  OnlineSoftmax<1> softmax_;
  Sums<1, kTile.keys / 8> scores_;
  Sums<1, kHeadDim / 8> sums_;
  std::uint32_t weights_[kTile.keys / 16][4];
};

#endif  // HEADROOM_HOPPER_CODE

// Where there is no code, a block has no more than a warp: the host sees that, and launches
// nothing.
HEADROOM_HOST_DEVICE constexpr int prefill_wgmma_threads([[maybe_unused]] int head_dim) {
#if defined(__CUDA_ARCH__) && !HEADROOM_HOPPER_CODE
  return 32;
#else
  return prefill_wgmma_tile(head_dim).threads();
#endif
}

template <ElementType kType, int kHeadDim>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(prefill_wgmma_threads(kHeadDim), 1)
    prefill_wgmma_kernel(PrefillArguments arguments) {
#if HEADROOM_HOPPER_CODE
  constexpr PrefillWgmmaTile kTile = prefill_wgmma_tile(kHeadDim);
  const AttentionProblem& problem = arguments.problem;
  const PrefillWork work = prefill_work(problem, kTile.rows(), kTile.keys);
  if (work.first_row >= work.sequence.q_length) return;
  const std::uint32_t shared = simt::shared_address(simt::shared_memory());
  simt::require_pattern_start(shared);
  init_ring<kHeadDim>(shared);
  if (simt::thread() < kWarpgroup) {
    simt::shrink_registers<kTile.copying_registers>();
    feed_keys<kHeadDim>(arguments, work, shared);
  } else {
    simt::grow_registers<kTile.computing_registers>();
    QueryGroup<kType, kHeadDim>(problem, work, shared).run();
  }
#else
  static_cast<void>(arguments);
#endif
}

template <ElementType kType, int kHeadDim>
Status launch_prefill_wgmma(const AttentionProblem& problem, void* /*workspace*/,
                            std::size_t /*workspace_bytes*/, void* stream) {
  if (problem.q_tokens == 0) return Status::ok;
  return simt::launch(prefill_wgmma_kernel<kType, kHeadDim>, prefill_wgmma_shape(problem), stream,
                      PrefillArguments{problem, page_shift_of(problem)});
}

}  // namespace headroom::kernels
