#pragma once
// Memory of normal random 16-bit numbers that points take their inputs from. Each launch takes
// another part of it, so that inputs come back only when the caches have long lost them.

#include "bench/attention/point.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace headroom::bench {

/// Where a launch's inputs begin, in elements.
struct Slices {
  std::size_t q = 0;
  std::size_t k = 0;
  std::size_t v = 0;
};

/// Elements that a point reads.
struct Extents {
  std::size_t q = 0;
  std::size_t kv = 0;  // of keys, and of values: whole pages
  [[nodiscard]] std::size_t all() const { return q + 2 * kv; }
};
[[nodiscard]] Extents extents_of(const Point& point);

/// The part of an arena that the nth launch takes: they follow each other and begin again where the
/// next would not fit. The point fits in the arena.
[[nodiscard]] Slices slices_of(const Extents& extents, std::size_t arena_elements, std::size_t nth);

/// Normal random numbers, drawn from a table of them.
[[nodiscard]] std::vector<std::uint16_t> random_elements(kernels::ElementType type,
                                                         std::size_t count);

/// Pages of each sequence, [batch, pages_per_sequence], in a random order; what a shorter sequence
/// does not use is page 0.
struct PageTable {
  std::vector<std::int32_t> pages;
  std::int32_t pages_per_sequence = 0;
  std::int32_t count = 0;
};
[[nodiscard]] PageTable page_table_of(const Point& point);

}  // namespace headroom::bench
