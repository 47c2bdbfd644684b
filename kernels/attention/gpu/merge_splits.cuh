#pragma once
// The second kernel of split-KV decoding: merges the splits of each sequence.

#include "kernels/attention/gpu/decode_work.cuh"
#include "kernels/attention/gpu/limits.hpp"
#include "kernels/attention/gpu/warp_tile.cuh"

#include <cmath>
#include <cstdint>

namespace headroom::kernels {

/// Blocks of 4 warps; warp w of block x merges the splits of row 4 x + w of [batch, q_heads]. A
/// lane has pairs of elements 32 pairs apart.
template <ElementType kType, int kHeadDim>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(128, 1) merge_splits_kernel(DecodeArguments arguments) {
  constexpr int kPairs = kHeadDim / 64;
  simt::wait_for_prior_grid();
  const AttentionProblem& problem = arguments.problem;
  const int lane = lane_of_warp();
  const std::int64_t row = static_cast<std::int64_t>(simt::block_x()) * 4 + simt::thread() / 32;
  if (row >= static_cast<std::int64_t>(problem.batch) * problem.q_heads) return;
  const Sequence sequence = sequence_of(problem, static_cast<int>(row / problem.q_heads));
  const int parts = decode_parts(sequence, arguments.plan);
  if (parts == 1 || sequence.q_length == 0) return;  // its only block wrote the output
  const float scale_log2 = problem.scale * kLog2E;
  const std::int64_t first = row * arguments.plan.splits;

  float largest = -INFINITY;
  for (int part = lane; part < parts; part += 32) {
    largest = fmaxf(largest, arguments.partial_state[first + part].x);
  }
  HEADROOM_UNROLL
  for (int mask = 16; mask > 0; mask /= 2) {
    largest = fmaxf(largest, simt::shuffle_xor(largest, mask));
  }
  const float base = finite_base(largest);
  const auto* pairs =
      reinterpret_cast<const simt::Float2*>(arguments.partial_sums) + first * (kPairs * 32) + lane;
  simt::Float2 sums[kPairs] = {};
  float weights = 0.0F;
  for (int part = 0; part < parts; ++part) {
    const simt::Float2 state = arguments.partial_state[first + part];
    const float weight = simt::exp2_fast((state.x - base) * scale_log2);
    weights = fmaf(weight, state.y, weights);
    HEADROOM_UNROLL
    for (int i = 0; i < kPairs; ++i) {
      const simt::Float2 pair = pairs[part * (kPairs * 32) + 32 * i];
      sums[i].x = fmaf(weight, pair.x, sums[i].x);
      sums[i].y = fmaf(weight, pair.y, sums[i].y);
    }
  }
  const float inverse = weights > 0.0F ? 1.0F / weights : 0.0F;
  const int head = static_cast<int>(row % problem.q_heads);
  auto* out =
      static_cast<std::uint32_t*>(problem.out) +
      (static_cast<std::int64_t>(sequence.q_start) * problem.q_heads + head) * (kPairs * 32) + lane;
  HEADROOM_UNROLL
  for (int i = 0; i < kPairs; ++i) {
    out[32 * i] = simt::pack<kType>(sums[i].x * inverse, sums[i].y * inverse);
  }
}

}  // namespace headroom::kernels
