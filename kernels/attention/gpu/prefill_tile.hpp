#pragma once
// Sizes of the prefill kernel's tiles. Host arithmetic alone.

#include "kernels/attention/problem.hpp"
#include "kernels/device/launch_shape.hpp"

#include <cstddef>
#include <cstdint>

namespace headroom::kernels {

/// A block has `warps` warps of 16 row_tiles queries each, and walks over tiles of `keys` keys, two
/// of them in shared memory.
struct PrefillTile {
  int warps;
  int row_tiles;
  int keys;
  int blocks;                 // of a multiprocessor
  bool queries_in_registers;  // else read from shared memory again for each tile of keys

  HEADROOM_HOST_DEVICE constexpr int rows() const { return warps * row_tiles * 16; }
  HEADROOM_HOST_DEVICE constexpr int threads() const { return warps * 32; }
};

/// A warp needs per lane, of the 255 registers: row_tiles head_dim / 2 for its sums, row_tiles keys
/// / 2 for scores, row_tiles head_dim / 4 to hold queries. Each fragment of K or V read from shared
/// memory (512 bytes for 2 multiplications a row tile) serves all row tiles of the warp: with one
/// row tile the 128 bytes a clock of shared memory are the limit, at half of what the tensor cores
/// do; hence two where they fit.
///   64: 128 queries, 64 keys: 64 sums + 64 scores + 32 queries;  48 kB, 2 blocks
///  128: 128 queries, 48 keys: 128 sums + 48 scores (with 64, registers spill); 80 kB, 2 blocks
///  256: 128 queries of 8 warps, one row tile each, since 256 sums do not fit; 32 keys:
///       128 sums + 16 scores;                                   128 kB, 1 block
HEADROOM_HOST_DEVICE constexpr PrefillTile prefill_tile(int head_dim) {
  if (head_dim == 64) return {4, 2, 64, 2, true};
  if (head_dim == 128) return {4, 2, 48, 2, false};
  return {8, 1, 32, 1, false};
}

/// Where things stand in a block's shared memory, in bytes.
struct PrefillShared {
  int queries;  // in the end the outputs
  int stages;   // of each: keys, then values
  int stage;
  int total;
};
HEADROOM_HOST_DEVICE constexpr PrefillShared prefill_shared(int head_dim) {
  const PrefillTile tile = prefill_tile(head_dim);
  const int queries = tile.rows() * head_dim * 2;
  const int stage = tile.keys * head_dim * 2 * 2;
  return {0, queries, stage, queries + 2 * stage};
}

bool prefill_supports(const AttentionProblem& problem);

/// None is needed; multiprocessors: of the device.
constexpr std::size_t prefill_workspace_bytes(const AttentionProblem& /*problem*/,
                                              int /*multiprocessors*/) {
  return 0;
}

/// The grid of tiles of so many queries; the rest of the shape is not filled in. x = query tile,
/// heads of one KV head; y = KV head; z = sequence. The blocks of a KV head run together, so that
/// its keys stay in the L2 cache.
LaunchShape prefill_blocks(const AttentionProblem& problem, int rows);

LaunchShape prefill_shape(const AttentionProblem& problem);

}  // namespace headroom::kernels
