#pragma once
// Attention with nothing clever: a warp for each query token and head, one key after another, in
// fp32. What the other kernels are compared with on a GPU.

#include "kernels/attention/gpu/limits.hpp"
#include "kernels/attention/gpu/sequence.cuh"
#include "kernels/attention/gpu/warp_tile.cuh"

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace headroom::kernels {

struct PlainArguments {
  AttentionProblem problem;
  int page_shift;
};

/// The sequence that has a query token: the last that starts at it or before. Those without queries
/// start where the next does.
HEADROOM_DEVICE int sequence_with(const AttentionProblem& problem, int token) {
  int low = 0;
  int high = problem.batch;  // the answer is in [low, high)
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (problem.q_starts[middle] <= token) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

template <int kPairs>
HEADROOM_DEVICE const std::uint32_t* row_of(const void* rows, std::int64_t row) {
  return static_cast<const std::uint32_t*>(rows) + row * (kPairs * 32);
}

/// Blocks of 4 warps; warp w of block x has row 4 x + w of [q_tokens, q_heads]. A lane has pairs of
/// elements 32 pairs apart.
template <ElementType kType, int kHeadDim>
HEADROOM_GLOBAL void HEADROOM_LAUNCH_BOUNDS(128, 1) plain_kernel(PlainArguments arguments) {
  constexpr int kPairs = kHeadDim / 64;
  const AttentionProblem& problem = arguments.problem;
  const int lane = lane_of_warp();
  const std::int64_t row = static_cast<std::int64_t>(simt::block_x()) * 4 + simt::thread() / 32;
  if (row >= static_cast<std::int64_t>(problem.q_tokens) * problem.q_heads) return;
  const int token = static_cast<int>(row / problem.q_heads);
  const int head = static_cast<int>(row % problem.q_heads);
  const int kv_head = head / (problem.q_heads / problem.kv_heads);
  const int index = sequence_with(problem, token);
  const Sequence sequence = sequence_of(problem, index);
  const int keys = visible_keys_of(problem, sequence, token - sequence.q_start);
  const float scale_log2 = problem.scale * kLog2E;

  simt::Float2 query[kPairs];
  simt::Float2 sums[kPairs];
  HEADROOM_UNROLL
  for (int i = 0; i < kPairs; ++i) {
    query[i] = simt::unpack<kType>(row_of<kPairs>(problem.q, row)[lane + 32 * i]);
    sums[i] = {0.0F, 0.0F};
  }
  float largest = -INFINITY;
  float weights = 0.0F;
  for (int key = 0; key < keys; ++key) {
    const std::int64_t kv_row =
        token_of(sequence, key, arguments.page_shift) * problem.kv_heads + kv_head;
    float score = 0.0F;
    HEADROOM_UNROLL
    for (int i = 0; i < kPairs; ++i) {
      const auto pair = simt::unpack<kType>(row_of<kPairs>(problem.k, kv_row)[lane + 32 * i]);
      score = fmaf(query[i].x, pair.x, fmaf(query[i].y, pair.y, score));
    }
    HEADROOM_UNROLL
    for (int mask = 16; mask > 0; mask /= 2) score += simt::shuffle_xor(score, mask);
    const float most = fmaxf(largest, score);
    const float rescale = simt::exp2_fast((largest - finite_base(most)) * scale_log2);
    const float weight = simt::exp2_fast((score - finite_base(most)) * scale_log2);
    largest = most;
    weights = fmaf(weights, rescale, weight);
    HEADROOM_UNROLL
    for (int i = 0; i < kPairs; ++i) {
      const auto pair = simt::unpack<kType>(row_of<kPairs>(problem.v, kv_row)[lane + 32 * i]);
      sums[i].x = fmaf(sums[i].x, rescale, weight * pair.x);
      sums[i].y = fmaf(sums[i].y, rescale, weight * pair.y);
    }
  }
  const float inverse = weights > 0.0F ? 1.0F / weights : 0.0F;
  auto* out = static_cast<std::uint32_t*>(problem.out) + row * (kPairs * 32);
  HEADROOM_UNROLL
  for (int i = 0; i < kPairs; ++i) {
    out[lane + 32 * i] = simt::pack<kType>(sums[i].x * inverse, sums[i].y * inverse);
  }
}

inline bool plain_supports(const AttentionProblem& problem) { return is_supported_shape(problem); }

/// None is needed; multiprocessors: of the device.
constexpr std::size_t plain_workspace_bytes(const AttentionProblem& /*problem*/,
                                            int /*multiprocessors*/) {
  return 0;
}

template <ElementType kType, int kHeadDim>
Status launch_plain(const AttentionProblem& problem, void* /*workspace*/,
                    std::size_t /*workspace_bytes*/, void* stream) {
  const std::int64_t rows = static_cast<std::int64_t>(problem.q_tokens) * problem.q_heads;
  if (rows == 0) return Status::ok;
  LaunchShape shape;
  shape.grid_x = ceil_div<std::int64_t>(rows, 4);
  return simt::launch(plain_kernel<kType, kHeadDim>, shape, stream,
                      PlainArguments{problem, page_shift_of(problem)});
}

}  // namespace headroom::kernels
