#pragma once
// Where the elements of a tile stand in shared memory, and which row each lane names when a warp
// loads fragments of it. Pure arithmetic, shared by the kernels and their tests.

#include "kernels/device/launch_shape.hpp"

#include <cstdint>

namespace headroom::kernels {

/// 16-bit elements of one 16-byte access, the unit of copying and of swizzling.
constexpr int kChunkElements = 8;
constexpr int kChunkBytes = 16;

/// Offset in bytes of a 16-byte chunk of a tile with rows of head_dim elements. The chunk is xored
/// with the row, so that the same chunk of 8 successive rows, which ldmatrix reads at once, stands
/// in 8 different groups of 4 banks; so do 8 successive chunks of a row, which 8 lanes copy at
/// once.
HEADROOM_HOST_DEVICE constexpr std::uint32_t chunk_offset(int row, int chunk, int head_dim) {
  return static_cast<std::uint32_t>(row * head_dim * 2 + (chunk ^ (row & 7)) * kChunkBytes);
}

/// The same of a tile that wgmma reads: panels of 8 chunks, each with all rows, one after another.
/// Within a panel this is the 128-byte swizzle of matrix descriptors, as long as it begins at a
/// multiple of 1024 bytes; with rows of 64 elements both layouts are one.
HEADROOM_HOST_DEVICE constexpr std::uint32_t panel_offset(int row, int chunk, int rows) {
  constexpr int kPanelChunks = 8;
  return static_cast<std::uint32_t>(chunk / kPanelChunks * rows * kPanelChunks * kChunkBytes) +
         chunk_offset(row, chunk % kPanelChunks, kPanelChunks * kChunkElements);
}

/// A row and a chunk, counted from the corner of a 16 x 16 piece of a tile.
struct LanePlace {
  int row;
  int chunk;
};

/// ldmatrix of an A operand (rows: queries, columns: a step of the head dimension), and transposed
/// of a B operand (rows: keys, columns: two blocks of 8 of the head dimension, each its words 0 and
/// 1, 2 and 3).
HEADROOM_HOST_DEVICE constexpr LanePlace lane_by_rows(int lane) { return {lane & 15, lane >> 4}; }

/// ldmatrix of a B operand stored as its transpose (rows: keys, columns: a step of the head
/// dimension): words 0 and 1 are of keys 0 to 7, 2 and 3 of keys 8 to 15.
HEADROOM_HOST_DEVICE constexpr LanePlace lane_by_columns(int lane) {
  return {(lane >> 4) * 8 + (lane & 7), (lane >> 3) & 1};
}

/// Of the 16 x 8 sums of a multiplication: values 0 and 1 of a lane are at (row, column) and
/// (row, column + 1), 2 and 3 at (row + 8, ...).
HEADROOM_HOST_DEVICE constexpr int sum_row(int lane) { return lane >> 2; }
HEADROOM_HOST_DEVICE constexpr int sum_column(int lane) { return (lane & 3) * 2; }

}  // namespace headroom::kernels
