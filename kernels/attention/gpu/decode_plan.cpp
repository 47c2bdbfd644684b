#include "kernels/attention/gpu/decode_plan.hpp"

#include "kernels/attention/gpu/limits.hpp"

#include <algorithm>

namespace headroom::kernels {
namespace {

// Times are in halves of a tile's.
constexpr std::int64_t kStart = 2;
constexpr std::int64_t kPartialSums = 1;
constexpr std::int64_t kMerge = 4;

std::int64_t time_of(std::int64_t blocks, std::int64_t slots, std::int64_t chunk_tiles,
                     bool is_split) {
  const std::int64_t waves = ceil_div(blocks, slots);
  const std::int64_t block = 2 * chunk_tiles + kStart + (is_split ? kPartialSums : 0);
  return waves * block + (is_split ? kMerge : 0);
}

}  // namespace

DecodePlan decode_plan(const AttentionProblem& problem, int multiprocessors) {
  DecodePlan plan;
  plan.row_tiles = ceil_div(problem.q_heads / problem.kv_heads, kDecodeRows);
  const std::int64_t tiles =
      std::max<std::int64_t>(1, ceil_div<std::int64_t>(problem.longest_kv, kDecodeTileKeys));
  const std::int64_t together =
      static_cast<std::int64_t>(problem.batch) * problem.kv_heads * plan.row_tiles;
  const std::int64_t slots = static_cast<std::int64_t>(std::max(1, multiprocessors)) *
                             decode_tile(problem.head_dim).blocks;
  std::int64_t best = 0;
  std::int64_t best_chunk = 0;
  for (std::int64_t splits = 1; splits <= std::min<std::int64_t>(tiles, kMostSplits); ++splits) {
    const std::int64_t chunk = ceil_div(tiles, splits);
    if (ceil_div(tiles, chunk) != splits) continue;  // the chunk of fewer splits, the last empty
    const std::int64_t time = time_of(together * splits, slots, chunk, splits > 1);
    if (best_chunk == 0 || time < best) {
      best = time;
      best_chunk = chunk;
    }
  }
  plan.chunk = static_cast<std::int32_t>(best_chunk * kDecodeTileKeys);
  plan.splits = static_cast<std::int32_t>(ceil_div(tiles, best_chunk));
  return plan;
}

bool decode_supports(const AttentionProblem& problem) {
  return is_supported_shape(problem) && problem.longest_q <= 1 &&
         problem.q_tokens <= problem.batch && problem.batch <= 65535 &&
         problem.longest_kv <= 0x7FFFFFFF - kDecodeTileKeys;
}

std::size_t decode_workspace_bytes(const AttentionProblem& problem, int multiprocessors) {
  const DecodePlan plan = decode_plan(problem, multiprocessors);
  if (plan.splits == 1) return 0;
  return static_cast<std::size_t>(problem.batch) * static_cast<std::size_t>(problem.q_heads) *
         static_cast<std::size_t>(plan.splits) * static_cast<std::size_t>(problem.head_dim + 2) *
         sizeof(float);
}

}  // namespace headroom::kernels
