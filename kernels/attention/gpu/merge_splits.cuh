#pragma once
// The second kernel of split-KV decoding: merges the splits of each sequence.

#include "kernels/attention/gpu/decode_work.cuh"
#include "kernels/attention/gpu/limits.hpp"
#include "kernels/attention/gpu/warp_tile.cuh"

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace headroom::kernels {

constexpr int kMergeWarps = 4;
/// Splits whose sums a warp has on their way at once: each step costs one latency of the L2 cache.
constexpr int kMergeAtOnce = 8;

/// The largest score of all parts of a row; each warp finds it.
HEADROOM_DEVICE float largest_of_parts(const simt::Float2* states, int parts) {
  float largest = -INFINITY;
  for (int part = lane_of_warp(); part < parts; part += 32) {
    largest = fmaxf(largest, states[part].x);
  }
  HEADROOM_UNROLL
  for (int mask = 16; mask > 0; mask /= 2) {
    largest = fmaxf(largest, simt::shuffle_xor(largest, mask));
  }
  return largest;
}

/// What a warp has of a row: the weighted sums of parts warp, warp + kMergeWarps, ... A lane has
/// pairs of elements 32 pairs apart.
template <int kPairs>
struct MergedParts {
  simt::Float2 sums[kPairs] = {};
  float weights = 0.0F;

  /// All loads first, none behind another's branch. Beyond the last part the last is loaded, and
  /// left out.
  HEADROOM_DEVICE void add_step(const simt::Float2* states, const simt::Float2* pairs, int first,
                                int parts, float base, float scale_log2) {
    simt::Float2 loaded_states[kMergeAtOnce];
    simt::Float2 loaded[kMergeAtOnce][kPairs];
    HEADROOM_UNROLL
    for (int step = 0; step < kMergeAtOnce; ++step) {
      const int wanted = first + step * kMergeWarps;
      const int part = wanted < parts ? wanted : parts - 1;
      loaded_states[step] = states[part];
      HEADROOM_UNROLL
      for (int i = 0; i < kPairs; ++i) loaded[step][i] = pairs[part * (kPairs * 32) + 32 * i];
    }
    HEADROOM_UNROLL
    for (int step = 0; step < kMergeAtOnce; ++step) {
      if (first + step * kMergeWarps >= parts) break;
      const float weight = simt::exp2_fast((loaded_states[step].x - base) * scale_log2);
      weights = fmaf(weight, loaded_states[step].y, weights);
      HEADROOM_UNROLL
      for (int i = 0; i < kPairs; ++i) {
        sums[i].x = fmaf(weight, loaded[step][i].x, sums[i].x);
        sums[i].y = fmaf(weight, loaded[step][i].y, sums[i].y);
      }
    }
  }
};

/// Shared memory of a block, in bytes: of each warp its sums, then of each its weights.
constexpr std::size_t merge_shared_bytes(int head_dim) {
  return static_cast<std::size_t>(kMergeWarps * (head_dim + 1)) * sizeof(float);
}

/// Block x merges the splits of row x of [batch, q_heads].
template <ElementType kType, int kHeadDim>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(kMergeWarps * 32, 1)
    merge_splits_kernel(DecodeArguments arguments) {
  constexpr int kPairs = kHeadDim / 64;
  constexpr int kRowPairs = kHeadDim / 2;
  simt::wait_for_prior_grid();
  const AttentionProblem& problem = arguments.problem;
  const int row = simt::block_x();
  const Sequence sequence = sequence_of(problem, row / problem.q_heads);
  const int parts = decode_parts(sequence, arguments.plan);
  if (parts == 1 || sequence.q_length == 0) return;  // its only block wrote the output
  const int lane = lane_of_warp();
  const int warp = simt::thread() / 32;
  const std::int64_t first = static_cast<std::int64_t>(row) * arguments.plan.splits;
  const simt::Float2* states = arguments.partial_state + first;
  const auto* pairs =
      reinterpret_cast<const simt::Float2*>(arguments.partial_sums) + first * kRowPairs + lane;

  const float base = finite_base(largest_of_parts(states, parts));
  const float scale_log2 = problem.scale * kLog2E;
  MergedParts<kPairs> own;
  for (int part = warp; part < parts; part += kMergeWarps * kMergeAtOnce) {
    own.add_step(states, pairs, part, parts, base, scale_log2);
  }
  // All have the same base: the warps' shares need only be added up.
  auto* all_sums = reinterpret_cast<simt::Float2*>(simt::shared_memory());
  auto* all_weights = reinterpret_cast<float*>(all_sums + kMergeWarps * kRowPairs);
  HEADROOM_UNROLL
  for (int i = 0; i < kPairs; ++i) all_sums[warp * kRowPairs + lane + 32 * i] = own.sums[i];
  if (lane == 0) all_weights[warp] = own.weights;
  simt::sync_block();

  const int pair = simt::thread();
  if (pair >= kRowPairs) return;
  simt::Float2 sum{0.0F, 0.0F};
  float weights = 0.0F;
  HEADROOM_UNROLL
  for (int from = 0; from < kMergeWarps; ++from) {
    sum.x += all_sums[from * kRowPairs + pair].x;
    sum.y += all_sums[from * kRowPairs + pair].y;
    weights += all_weights[from];
  }
  const float inverse = weights > 0.0F ? 1.0F / weights : 0.0F;
  const std::int64_t out_row =
      static_cast<std::int64_t>(sequence.q_start) * problem.q_heads + row % problem.q_heads;
  static_cast<std::uint32_t*>(problem.out)[out_row * kRowPairs + pair] =
      simt::pack<kType>(sum.x * inverse, sum.y * inverse);
}

template <ElementType kType, int kHeadDim>
Status launch_merge(const DecodeArguments& arguments, void* stream) {
  LaunchShape shape;
  shape.grid_x = static_cast<std::int64_t>(arguments.problem.batch) * arguments.problem.q_heads;
  shape.threads = kMergeWarps * 32;
  shape.shared_bytes = merge_shared_bytes(kHeadDim);
  shape.overlaps_prior = true;
  return simt::launch(merge_splits_kernel<kType, kHeadDim>, shape, stream, arguments);
}

}  // namespace headroom::kernels
