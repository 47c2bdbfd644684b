#pragma once
// One link between two GPUs, or the worst one of a group.

#include "sim/hardware/gpu_type.hpp"
#include "sim/links/description.hpp"

#include <compare>
#include <cstdint>
#include <limits>

namespace headroom {

/// What carries a link, and so how much of its rate a collective gets: collective.hpp.
enum class Transport : std::uint8_t { nvlink, pcie, network };

/// The rate of a "link" that is not needed: a group of one.
inline constexpr std::int64_t kNoLink = std::numeric_limits<std::int64_t>::max();

struct Link {
  std::int64_t rate = kNoLink;  // bytes/s in one direction
  Transport transport = Transport::nvlink;

  friend auto operator<=>(const Link&, const Link&) = default;
};

/// The slower of two; the first of equally fast ones.
[[nodiscard]] constexpr Link worse(const Link& a, const Link& b) { return b.rate < a.rate ? b : a; }

/// Between two GPUs of a type on one node, where links are not described.
[[nodiscard]] inline Link own_link(const GpuType& gpu) {
  return {gpu.link_bandwidth(), gpu.nvlink_bandwidth > 0 ? Transport::nvlink : Transport::pcie};
}

/// Between two nodes, where no network is described.
[[nodiscard]] constexpr Link plain_network() { return {kNetworkBandwidth, Transport::network}; }

}  // namespace headroom
