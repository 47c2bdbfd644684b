#include "kernels/device/host_descriptor.hpp"

#include "kernels/device/host_fibers.hpp"

namespace headroom::kernels::simt::internal {
namespace {

// Fields are stored without their low four bits.
std::uint32_t field(std::uint64_t descriptor, int first_bit) {
  return static_cast<std::uint32_t>(descriptor >> first_bit & 0x3FFF) * 16;
}

// Swizzle<3, 4, 3>: address bits 7 to 9 are xored into bits 4 to 6.
std::uint32_t swizzled(std::uint32_t address) { return address ^ (address >> 7 & 7) << 4; }

}  // namespace

MatrixPlace matrix_place(std::uint64_t descriptor) {
  constexpr std::uint64_t kReserved = 0x3FF1'C000'C000'C000;  // bits 14, 15, 30, 31, 46-48, 52-61
  if ((descriptor & kReserved) != 0) throw KernelFault("a matrix descriptor with reserved bits");
  if (descriptor >> 62 != 1) throw KernelFault("a matrix that is not swizzled by 128 bytes");
  if ((descriptor >> 49 & 7) != 0) throw KernelFault("a matrix with a base offset");
  return {field(descriptor, 0), field(descriptor, 16), field(descriptor, 32)};
}

// Canonical layout, in elements, T = 8 of 16 bits: ((8, m), (T, 2k)) : ((8T, SBO), (1, T)).
std::uint32_t k_major_address(const MatrixPlace& place, int row, int k) {
  const auto r = static_cast<std::uint32_t>(row);
  const auto c = static_cast<std::uint32_t>(k);
  return swizzled(place.start + r % 8 * 128 + r / 8 * place.stride + c * 2);
}

// ((T, 8, m), (8, k)) : ((1, T, LBO), (8T, SBO)).
std::uint32_t mn_major_address(const MatrixPlace& place, int row, int k) {
  const auto r = static_cast<std::uint32_t>(row);
  const auto c = static_cast<std::uint32_t>(k);
  return swizzled(place.start + r % 64 * 2 + r / 64 * place.leading + c % 8 * 128 +
                  c / 8 * place.stride);
}

}  // namespace headroom::kernels::simt::internal
