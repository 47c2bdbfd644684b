#pragma once
// How split-KV decoding cuts its work into blocks. Host arithmetic alone.

#include "kernels/attention/problem.hpp"
#include "kernels/device/launch_shape.hpp"

#include <cstddef>
#include <cstdint>

namespace headroom::kernels {

/// Warps of a block. Each has its own keys, 16 at a time, and its own ring of copies.
constexpr int kDecodeWarps = 4;
constexpr int kDecodeWarpKeys = 16;
/// Keys that the warps of a block take in one step; chunks are multiples of it.
constexpr int kDecodeTileKeys = kDecodeWarps * kDecodeWarpKeys;
/// Query heads of a KV head that a block takes: the rows of one mma.
constexpr int kDecodeRows = 16;
constexpr int kMostSplits = 128;

/// Sizes of a block, by head dimension. One stage is a tile of K and one of V: 256 head_dim bytes.
/// To keep memory busy a multiprocessor needs 26 kB in flight (4.5 TB/s times some 750 ns, over
/// 132) and is better off with 48 to 64 kB:
///   64: 4 stages of 16 kB, 3 blocks: 144 kB in flight
///  128: 3 stages of 32 kB, 2 blocks: 128 kB
///  256: 2 stages of 64 kB, 1 block:   64 kB
/// of the 227 kB that a block may have, and the 228 kB of a multiprocessor, of compute
/// capability 9.0. With the 164 kB of 8.0 the last two have one block, 64 kB in flight.
struct DecodeTile {
  int stages;
  int blocks;                 // of a multiprocessor
  bool queries_in_registers;  // at 256 the sums alone are 128 of the 255
};
HEADROOM_HOST_DEVICE constexpr DecodeTile decode_tile(int head_dim) {
  if (head_dim == 64) return {4, 3, true};
  if (head_dim == 128) return {3, 2, true};
  return {2, 1, false};
}

/// Where things stand in a block's shared memory, in bytes.
struct DecodeShared {
  int queries;  // 16 rows
  int state;    // of each warp and row: largest score, then sum of weights
  int rings;    // of each warp: stages of 16 keys and 16 values; in the end its sums
  int ring;     // of one warp
  int sum_row;  // floats from a row of sums to the next: 8 more than it has, against bank conflicts
  int total;
};
HEADROOM_HOST_DEVICE constexpr DecodeShared decode_shared(int head_dim) {
  const int queries = kDecodeRows * head_dim * 2;
  const int state = kDecodeWarps * kDecodeRows * 2 * 4;
  const int ring = decode_tile(head_dim).stages * kDecodeWarpKeys * head_dim * 2 * 2;
  return {0, queries, queries + state, ring, head_dim + 8, queries + state + kDecodeWarps * ring};
}

/// A block takes `chunk` keys of a sequence; `splits` chunks are as many as the longest has.
struct DecodePlan {
  std::int32_t chunk = kDecodeTileKeys;
  std::int32_t splits = 1;
  std::int32_t row_tiles = 1;  // of 16 query heads that share a KV head
};

/// Chunks of equal length that as many blocks of the longest sequence take: `splits`, from 1 to
/// kMostSplits, or fewer where so many would leave the last without keys. To measure what splitting
/// costs; decode_plan() chooses among these.
DecodePlan decode_plan_of_splits(const AttentionProblem& problem, int splits);

/// The split that is done soonest if all sequences are as long as the longest, by a model: blocks
/// run in waves, as many at a time as fit the device; a block takes the time of its tiles, some to
/// start (page table, then keys, one latency after another), and where there are several splits,
/// some to write and read back its sums; so does the second kernel that merges them. Of equal
/// times, fewest splits.
///
/// In a batch sequences may be of unequal length, which a host does not know. So that the longest
/// does not end alone, its chunks are of 4096 keys at most, unless that takes more than 128 splits
/// or 16 blocks for each one that the device runs at a time. Blocks beyond a sequence's end return
/// at once, after one latency of memory: by estimate 1.5 us for all that run at a time, so 25 us in
/// all if every block of the 16 were empty.
DecodePlan decode_plan(const AttentionProblem& problem, int multiprocessors);

/// One query of each sequence at most.
bool decode_supports(const AttentionProblem& problem);

/// For the sums of each split, of each query head: head_dim floats, largest score, sum of weights.
/// 0 where nothing is split.
std::size_t decode_workspace_bytes(const AttentionProblem& problem, const DecodePlan& plan);
std::size_t decode_workspace_bytes(const AttentionProblem& problem, int multiprocessors);

}  // namespace headroom::kernels
