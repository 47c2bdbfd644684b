#pragma once
// Sizes of the tiles of the prefill kernel for compute capability 9.0. Host arithmetic alone.

#include "kernels/attention/problem.hpp"
#include "kernels/device/launch_shape.hpp"

namespace headroom::kernels {

constexpr int kWarpgroup = 128;  // threads

/// A block has a warpgroup that copies keys and values, and `groups` that compute, each with 64
/// queries. They walk over tiles of `keys` keys; a ring of `slots` in shared memory has tiles of
/// keys and of values by turns.
struct PrefillWgmmaTile {
  int groups;
  int keys;
  int slots;
  int copying_registers;  // of a thread, once the roles are given out
  int computing_registers;

  HEADROOM_HOST_DEVICE constexpr int rows() const { return groups * 64; }
  HEADROOM_HOST_DEVICE constexpr int threads() const { return (groups + 1) * kWarpgroup; }
};

/// A thread that computes holds head_dim / 2 sums, keys / 2 scores of the tile whose keys are
/// multiplied now, and keys / 4 words of weights of the tile before it, whose values are multiplied
/// at the same time. Two tiles of each are in the ring: one in use, one on its way. Queries are
/// read again for each tile of keys.
///   64: 192 queries, 128 keys: 32 + 64 + 32 registers fit 160;            88 kB
///  128: 128 queries, 128 keys: 64 + 64 + 32, too many for three groups;  160 kB
///  256: 128 queries,  80 keys: 128 + 40 + 20, and as many as there is room for; 224 kB
HEADROOM_HOST_DEVICE constexpr PrefillWgmmaTile prefill_wgmma_tile(int head_dim) {
  if (head_dim == 64) return {3, 128, 4, 32, 160};
  if (head_dim == 128) return {2, 128, 4, 40, 232};
  return {2, 80, 4, 40, 232};
}

/// Where things stand in a block's shared memory, in bytes.
struct PrefillWgmmaShared {
  int queries;  // in the end the outputs
  int ring;
  int slot;   // bytes of each
  int full;   // barriers, 8 bytes each: a slot has been filled,
  int empty;  // and is done with
  int total;
};
HEADROOM_HOST_DEVICE constexpr PrefillWgmmaShared prefill_wgmma_shared(int head_dim) {
  const PrefillWgmmaTile tile = prefill_wgmma_tile(head_dim);
  const int queries = tile.rows() * head_dim * 2;
  const int slot = tile.keys * head_dim * 2;
  const int full = queries + tile.slots * slot;
  const int empty = full + tile.slots * 8;
  return {0, queries, slot, full, empty, empty + tile.slots * 8};
}

/// Of a problem that prefill_supports() takes.
LaunchShape prefill_wgmma_shape(const AttentionProblem& problem);

}  // namespace headroom::kernels
