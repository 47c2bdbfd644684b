#pragma once
// Which loads each shard is measured under, and in which order.

#include "bench/attention/point.hpp"
#include "study/profile/shapes.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace headroom::bench {

enum class Extent : std::uint8_t {
  gpu,        // what an engine meets: up to 32k tokens of prefill, 128k of context, 8 GB of cache
  gpu_quick,  // about sixty of them
  cpu,        // what a CPU computes in milliseconds
  cpu_quick,
};

/// Points in a random order in which each stretch has its share of every op, so that a sweep that
/// is cut short is still a sample of all.
[[nodiscard]] std::vector<Point> sweep(std::span<const profile::UsedShape> shapes, Type type,
                                       Extent extent);

}  // namespace headroom::bench
