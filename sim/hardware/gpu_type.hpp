#pragma once
// GPU types: the figures of the catalogue that memory, ranking and the roofline need.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

struct GpuType {
  std::string name;
  Bytes memory = 0;
  std::int64_t memory_bandwidth = 0;  // bytes/s
  std::int64_t bf16_rate = 0;         // dense FLOP/s (fp16 where bf16 is not there)
  std::int64_t link_bandwidth = 0;    // bytes/s, one direction, to a GPU of the same node
  std::int64_t price_milli = 0;       // price units per GPU-hour x 1000, to compare types only
  std::string source;                 // "recalled" where no source was read

  friend bool operator==(const GpuType&, const GpuType&) = default;
};

/// The built-in catalogue, in its own order.
[[nodiscard]] std::span<const GpuType> gpu_catalogue();
/// Error: not known (names the nearest).
[[nodiscard]] Result<GpuType> find_gpu_type(std::string_view name);

}  // namespace headroom
