#pragma once
// GPU types: the figures of the catalogue that memory, ranking, the roofline and rules of what a
// GPU can run need.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

/// Rates are dense matrix rates in FLOP/s, 16-bit and 8-bit ones with sums in 32 bits; links are
/// bytes/s in one direction.
struct GpuType {
  std::string name;
  Bytes memory = 0;
  std::int64_t memory_bandwidth = 0;  // bytes/s
  std::int64_t bf16_rate = 0;         // 0: no bf16
  std::int64_t fp16_rate = 0;
  std::int64_t fp8_rate = 0;          // 0: no fp8
  int compute_capability = 0;         // 10 x major + minor, such as 86 for 8.6; 0: not known
  std::int64_t nvlink_bandwidth = 0;  // 0: none; bridges of two boards are not counted
  std::int64_t pcie_bandwidth = 0;    // to a GPU of the same node without NVLink
  std::int64_t price_milli = 0;       // price units per GPU-hour x 1000, to compare types only
  std::string source;                 // "recalled" where no source was read

  /// What a 16-bit model computes with: bf16, or fp16 where there is no bf16.
  [[nodiscard]] std::int64_t matrix_rate() const { return bf16_rate > 0 ? bf16_rate : fp16_rate; }
  /// To a GPU of the same node: NVLink, or PCIe where there is no NVLink.
  [[nodiscard]] std::int64_t link_bandwidth() const {
    return nvlink_bandwidth > 0 ? nvlink_bandwidth : pcie_bandwidth;
  }

  friend bool operator==(const GpuType&, const GpuType&) = default;
};

/// The built-in catalogue, in its own order.
[[nodiscard]] std::span<const GpuType> gpu_catalogue();
/// The name may differ from the catalogue's in letter case and in '-', '_' and ' ' ("h100 80gb").
/// Error: not known (names the nearest).
[[nodiscard]] Result<GpuType> find_gpu_type(std::string_view name);

}  // namespace headroom
