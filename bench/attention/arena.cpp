#include "bench/attention/arena.hpp"

#include "kernels/attention/element.hpp"
#include "sim/core/random.hpp"

#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_int_distribution.hpp>

#include <algorithm>
#include <array>
#include <numeric>

namespace headroom::bench {
namespace {

// 512 bytes: more than any copy engine or vector load asks for.
constexpr std::size_t kAlignment = 256;

std::size_t aligned(std::size_t elements) {
  return (elements + kAlignment - 1) / kAlignment * kAlignment;
}

std::int64_t pages_of(std::int32_t tokens, std::int32_t page) {
  return (std::int64_t{tokens} + page - 1) / page;
}

}  // namespace

Extents extents_of(const Point& point) {
  const std::int32_t page = page_of(point);
  std::int64_t tokens = 0;
  for (const std::int32_t length : lengths_of(point)) {
    tokens += page == 0 ? length : pages_of(length, page) * page;
  }
  const auto elements = [&](std::int64_t rows, std::int64_t heads) {
    return aligned(static_cast<std::size_t>(rows * heads * point.shape.head_dim));
  };
  return {elements(point.batch * point.q_len, point.shape.q_heads),
          elements(tokens, point.shape.kv_heads)};
}

Slices slices_of(const Extents& extents, std::size_t arena_elements, std::size_t nth) {
  const std::size_t places = arena_elements / extents.all();
  const std::size_t first = nth % places * extents.all();
  return {first, first + extents.q, first + extents.q + extents.kv};
}

std::vector<std::uint16_t> random_elements(kernels::ElementType type, std::size_t count) {
  RandomStream random = random_stream(1, "elements");
  boost::random::normal_distribution<float> normal;
  std::array<std::uint16_t, 1 << 16> table{};
  for (std::uint16_t& entry : table) entry = kernels::from_float(type, normal(random));
  std::vector<std::uint16_t> out(count);
  for (std::size_t i = 0; i < count;) {
    std::uint64_t bits = random();
    for (int part = 0; part < 4 && i < count; ++part, bits >>= 16) out[i++] = table[bits & 0xFFFF];
  }
  return out;
}

PageTable page_table_of(const Point& point) {
  PageTable out;
  const std::int32_t page = page_of(point);
  if (page == 0) return out;
  const std::vector<std::int32_t> lengths = lengths_of(point);
  for (const std::int32_t length : lengths) {
    out.count += static_cast<std::int32_t>(pages_of(length, page));
  }
  out.pages_per_sequence =
      static_cast<std::int32_t>(pages_of(*std::max_element(lengths.begin(), lengths.end()), page));
  std::vector<std::int32_t> order(static_cast<std::size_t>(out.count));
  std::iota(order.begin(), order.end(), 0);
  RandomStream random = random_stream(1, "pages");
  for (std::size_t i = order.size(); i > 1; --i) {
    const boost::random::uniform_int_distribution<std::size_t> draw(0, i - 1);
    std::swap(order[i - 1], order[draw(random)]);
  }
  auto next = order.begin();
  for (const std::int32_t length : lengths) {
    const std::int64_t used = pages_of(length, page);
    for (std::int32_t i = 0; i < out.pages_per_sequence; ++i) {
      out.pages.push_back(i < used ? *next++ : 0);
    }
  }
  return out;
}

}  // namespace headroom::bench
