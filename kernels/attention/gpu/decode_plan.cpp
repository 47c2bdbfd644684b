#include "kernels/attention/gpu/decode_plan.hpp"

#include "kernels/attention/gpu/limits.hpp"

#include <algorithm>

namespace headroom::kernels {
namespace {

// Times, in sixteenths of what a block takes for a tile of 64 keys. All but that are estimates: no
// GPU has been asked. To measure them, run launch_decode_as with plans of decode_plan_of_splits at
// batch 1 and 8k, 32k and 128k keys. With splits too few for a second wave, time over tiles a block
// is a line: its slope is kTile, and its value at 0 tiles the rest. The merge is what a plan of
// more splits adds to it.
constexpr std::int64_t kTile = 16;
constexpr std::int64_t kStart = 16;
constexpr std::int64_t kPartialSums = 8;
constexpr std::int64_t kMerge = 32;         // a second kernel
constexpr std::int64_t kMergeOfASplit = 1;  // its reads

constexpr std::int64_t kRaggedChunkTiles = 4096 / kDecodeTileKeys;
constexpr std::int64_t kRaggedBlocksOfASlot = 16;

// What the model looks at.
struct Load {
  std::int64_t tiles;     // of the longest sequence
  std::int64_t together;  // blocks of each split
  std::int64_t slots;     // blocks that run at a time
};

std::int64_t tiles_of(const AttentionProblem& problem) {
  return std::max<std::int64_t>(1, ceil_div<std::int64_t>(problem.longest_kv, kDecodeTileKeys));
}

std::int32_t row_tiles_of(const AttentionProblem& problem) {
  return ceil_div(problem.q_heads / problem.kv_heads, kDecodeRows);
}

std::int64_t time_of(const Load& load, std::int64_t splits) {
  const std::int64_t waves = ceil_div(load.together * splits, load.slots);
  const std::int64_t block = ceil_div(load.tiles, splits) * kTile + kStart;
  if (splits == 1) return waves * block;
  return waves * (block + kPartialSums) + kMerge + splits * kMergeOfASplit;
}

// So many that no sequence of a ragged batch ends long after the others.
std::int64_t fewest_splits(const Load& load, int batch) {
  if (batch <= 1) return 1;
  const std::int64_t affordable = kRaggedBlocksOfASlot * load.slots / load.together;
  const std::int64_t wanted = ceil_div(load.tiles, kRaggedChunkTiles);
  return std::max<std::int64_t>(1, std::min<std::int64_t>({wanted, affordable, kMostSplits}));
}

}  // namespace

DecodePlan decode_plan_of_splits(const AttentionProblem& problem, int splits) {
  const std::int64_t tiles = tiles_of(problem);
  const std::int64_t chunk = ceil_div<std::int64_t>(tiles, splits);
  DecodePlan plan;
  plan.row_tiles = row_tiles_of(problem);
  plan.chunk = static_cast<std::int32_t>(chunk * kDecodeTileKeys);
  plan.splits = static_cast<std::int32_t>(ceil_div(tiles, chunk));
  return plan;
}

DecodePlan decode_plan(const AttentionProblem& problem, int multiprocessors) {
  const Load load{
      tiles_of(problem),
      static_cast<std::int64_t>(problem.batch) * problem.kv_heads * row_tiles_of(problem),
      static_cast<std::int64_t>(std::max(1, multiprocessors)) *
          decode_tile(problem.head_dim).blocks};
  const auto fewest = static_cast<int>(fewest_splits(load, problem.batch));
  std::int64_t best = decode_plan_of_splits(problem, fewest).splits;
  for (std::int64_t splits = best + 1; splits <= std::min<std::int64_t>(load.tiles, kMostSplits);
       ++splits) {
    const std::int64_t chunk = ceil_div(load.tiles, splits);
    if (ceil_div(load.tiles, chunk) != splits) continue;  // the chunk of fewer, the last empty
    if (time_of(load, splits) < time_of(load, best)) best = splits;
  }
  return decode_plan_of_splits(problem, static_cast<int>(best));
}

bool decode_supports(const AttentionProblem& problem) {
  return is_supported_shape(problem) && problem.longest_q <= 1 &&
         problem.q_tokens <= problem.batch && problem.batch <= 65535 &&
         problem.longest_kv <= 0x7FFFFFFF - kDecodeTileKeys;
}

std::size_t decode_workspace_bytes(const AttentionProblem& problem, const DecodePlan& plan) {
  if (plan.splits == 1) return 0;
  return static_cast<std::size_t>(problem.batch) * static_cast<std::size_t>(problem.q_heads) *
         static_cast<std::size_t>(plan.splits) * static_cast<std::size_t>(problem.head_dim + 2) *
         sizeof(float);
}

std::size_t decode_workspace_bytes(const AttentionProblem& problem, int multiprocessors) {
  return decode_workspace_bytes(problem, decode_plan(problem, multiprocessors));
}

}  // namespace headroom::kernels
