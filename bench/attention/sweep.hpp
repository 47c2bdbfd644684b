#pragma once
// Which loads each shard is measured under, and in which order.

#include "bench/attention/point.hpp"
#include "study/profile/shapes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace headroom::bench {

enum class Loads : std::uint8_t {
  gpu,  // what an engine meets: up to 32k tokens of prefill, 128k of context, 8 GB of cache
  cpu,  // what a CPU computes in milliseconds
};

/// Points in a random order in which each stretch has its share of every op, so that a sweep that
/// is cut short is still a sample of all. most: only so many of them.
[[nodiscard]] std::vector<Point> sweep(std::span<const profile::UsedShape> shapes, Type type,
                                       Loads loads, std::size_t most = SIZE_MAX);

}  // namespace headroom::bench
