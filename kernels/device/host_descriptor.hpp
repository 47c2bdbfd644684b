#pragma once
// What a matrix descriptor of wgmma says, read from the PTX manual's text ("Shared Memory Matrix
// Layout", "Matrix Descriptor Format") and not from matrix_descriptor.hpp, so that a mistake there
// shows. 16-bit elements and the 128-byte swizzle only.

#include <cstdint>

namespace headroom::kernels::simt::internal {

struct MatrixPlace {
  std::uint32_t start;
  std::uint32_t leading;  // byte offsets
  std::uint32_t stride;
};

/// Throws a KernelFault where the descriptor is none, or of a layout that is not run here.
MatrixPlace matrix_place(std::uint64_t descriptor);

/// Shared address of an element. K-major: rows of the matrix (M or N) are stored as rows.
std::uint32_t k_major_address(const MatrixPlace& place, int row, int k);
/// MN-major: its columns are.
std::uint32_t mn_major_address(const MatrixPlace& place, int row, int k);

}  // namespace headroom::kernels::simt::internal
