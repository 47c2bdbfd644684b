#pragma once
// How wgmma is told where a matrix stands in shared memory: "Matrix Descriptor Format" of the PTX
// manual. Here always swizzled by 128 bytes: rows of 128 bytes, whose eight 16-byte chunks are
// xored with the row's number modulo 8, and which begin at multiples of 1024 bytes.

#include "kernels/device/launch_shape.hpp"

#include <cstdint>

namespace headroom::kernels {

/// A row of a swizzled matrix, and the eight rows after which the pattern repeats.
constexpr int kSwizzleRowBytes = 128;
constexpr int kSwizzleBytes = 8 * kSwizzleRowBytes;

/// Of bytes: multiples of 16, below 2^18.
HEADROOM_HOST_DEVICE constexpr std::uint64_t swizzled_descriptor(std::uint32_t start,
                                                                 std::uint32_t leading,
                                                                 std::uint32_t stride) {
  constexpr std::uint64_t kSwizzle128 = 1;
  const auto field = [](std::uint32_t bytes) {
    return static_cast<std::uint64_t>((bytes & 0x3FFFFU) >> 4);
  };
  return field(start) | field(leading) << 16 | field(stride) << 32 | kSwizzle128 << 62;
}

/// A matrix whose rows, as stored, go along the dimension that is summed over (queries and keys of
/// a score): 16 of that dimension are 32 bytes of each row. Successive steps of 16 begin 32 bytes
/// further, up to four of them; the leading dimension is not looked at.
HEADROOM_HOST_DEVICE constexpr std::uint64_t along_rows(std::uint32_t start) {
  return swizzled_descriptor(start, 16, kSwizzleBytes);
}

/// A matrix whose rows are of the dimension that is summed over (values, one row a key): 16 rows
/// are a step, and the next begins 2048 bytes further. panel: bytes from 64 columns to the next.
HEADROOM_HOST_DEVICE constexpr std::uint64_t across_rows(std::uint32_t start, std::uint32_t panel) {
  return swizzled_descriptor(start, panel, kSwizzleBytes);
}

}  // namespace headroom::kernels
