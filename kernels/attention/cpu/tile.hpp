#pragma once
// What one thread of the CPU implementation does at a time: a few query rows of one sequence that
// read the same KV head, over all their keys.

#include "kernels/attention/problem.hpp"

#include <cstddef>
#include <cstdint>

namespace headroom::kernels {

inline constexpr std::int32_t kTileRows = 16;
inline constexpr std::int32_t kTileKeys = 32;  // taken at a time: with kTileRows they stay in L2
inline constexpr std::int32_t kMostHeadDim = 256;

struct Tile {
  ElementType type = ElementType::bf16;
  std::int32_t rows = 0;      // up to kTileRows
  std::int32_t head_dim = 0;  // a multiple of 16, up to kMostHeadDim
  std::int32_t keys = 0;      // the most that one of the rows sees
  float scale = 0.0F;
  const std::uint16_t* const* q = nullptr;  // [rows], each [head_dim]
  const std::int32_t* visible = nullptr;    // [rows]: how many of the first keys each sees
  const std::uint16_t* const* k = nullptr;  // [keys], each [head_dim]
  const std::uint16_t* const* v = nullptr;  // [keys], each [head_dim]
  float* scratch = nullptr;                 // kTileScratch floats, aligned to 32 bytes
  float* out = nullptr;                     // [kTileRows, head_dim], aligned to 32 bytes
};

inline constexpr std::size_t kTileScratch =
    std::size_t{(kTileRows + 2 * kTileKeys) * kMostHeadDim + kTileRows * kTileKeys};

using AttendTile = void (*)(const Tile& tile);

void attend_tile_scalar(const Tile& tile);
/// Needs a processor with AVX2, FMA and F16C.
void attend_tile_avx2(const Tile& tile);

}  // namespace headroom::kernels
