#include "bench/attention/sweep.hpp"

#include "sim/core/random.hpp"

#include <boost/random/uniform_real_distribution.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace headroom::bench {
namespace {

constexpr std::int32_t kUsualPage = 16;
constexpr std::int32_t kLargePage = 64;
constexpr std::int64_t kElementBytes = 2;

struct Grid {
  std::vector<std::int32_t> prefill_lengths;
  std::vector<std::int32_t> prefill_batches;
  std::int64_t prefill_tokens = 0;  // of all sequences, at most
  std::vector<std::int32_t> chunks;
  std::vector<std::int32_t> chunk_contexts;
  std::vector<std::int32_t> decode_batches;
  std::vector<std::int32_t> decode_lengths;
  std::int64_t cache_bytes = 0;  // keys and values of a decode point, at most
  std::size_t ragged_shapes = 0;
  std::size_t paged_both_ways = 0;  // shapes that are decoded with large pages too
  std::size_t points = SIZE_MAX;
};

Grid grid_of(Extent extent) {
  if (extent == Extent::cpu || extent == Extent::cpu_quick) {
    const std::size_t points = extent == Extent::cpu ? 30 : 9;
    return {{128, 512}, {1}, 1024, {128}, {512}, {1, 4}, {256, 1024}, 1 << 24, 2, 1, points};
  }
  return {{256, 512, 1024, 2048, 4096, 8192, 16384, 32768},
          {1, 4},
          32768,
          {512, 2048},
          {2048, 8192, 32768},
          {1, 4, 16, 64, 256},
          {512, 2048, 8192, 32768, 131072},
          std::int64_t{8} << 30,
          6,
          6,
          extent == Extent::gpu_quick ? 60 : SIZE_MAX};
}

std::int64_t cache_bytes(const ShardShape& shape, std::int64_t batch, std::int64_t length) {
  return 2 * kElementBytes * shape.kv_heads * shape.head_dim * batch * length;
}

void add_prefill(const Grid& grid, const Point& base, std::vector<Point>& out) {
  Point point = base;
  point.op = Op::prefill;
  point.causal = true;
  for (const std::int32_t length : grid.prefill_lengths) {
    for (const std::int32_t batch : grid.prefill_batches) {
      if (std::int64_t{batch} * length > grid.prefill_tokens) continue;
      point.batch = batch;
      point.q_len = point.kv_len = length;
      out.push_back(point);
    }
  }
}

void add_chunked(const Grid& grid, const Point& base, std::vector<Point>& out) {
  Point point = base;
  point.op = Op::chunked_prefill;
  point.causal = true;
  point.page = kUsualPage;
  for (const std::int32_t chunk : grid.chunks) {
    for (const std::int32_t context : grid.chunk_contexts) {
      point.q_len = chunk;
      point.kv_len = context + chunk;
      out.push_back(point);
    }
  }
}

void add_decode(const Grid& grid, const Point& base, std::size_t nth, std::vector<Point>& out) {
  Point point = base;
  point.op = Op::decode;
  for (const std::int32_t batch : grid.decode_batches) {
    for (const std::int32_t length : grid.decode_lengths) {
      if (cache_bytes(point.shape, batch, length) > grid.cache_bytes) continue;
      point.batch = batch;
      point.kv_len = length;
      point.page = kUsualPage;
      out.push_back(point);
      if (nth >= grid.paged_both_ways) continue;
      point.page = kLargePage;
      out.push_back(point);
    }
  }
}

void add_ragged(const Grid& grid, const Point& base, std::vector<Point>& out) {
  Point point = base;
  point.op = Op::decode;
  point.page = kUsualPage;
  point.batch = grid.decode_batches.back();
  point.kv_len = grid.decode_lengths.back();
  while (cache_bytes(point.shape, point.batch, point.kv_len) > grid.cache_bytes) point.kv_len /= 2;
  for (const Lengths kind : {Lengths::uniform, Lengths::bimodal, Lengths::lognormal}) {
    point.lengths = kind;
    out.push_back(point);
  }
}

// Shuffles each family by itself and then deals them out evenly: the i-th of n stands at about
// (i + a draw) / n.
std::vector<Point> deal(const std::vector<std::vector<Point>>& families) {
  RandomStream random = random_stream(1, "order of points");
  boost::random::uniform_real_distribution<double> draw(0.0, 1.0);
  std::vector<std::pair<double, Point>> placed;
  for (const auto& family : families) {
    std::vector<std::pair<double, Point>> shuffled;
    for (const Point& point : family) shuffled.emplace_back(draw(random), point);
    std::sort(shuffled.begin(), shuffled.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < shuffled.size(); ++i) {
      const double at = static_cast<double>(i) + draw(random);
      placed.emplace_back(at / static_cast<double>(shuffled.size()), shuffled[i].second);
    }
  }
  std::sort(placed.begin(), placed.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Point> out;
  for (const auto& [at, point] : placed) out.push_back(point);
  return out;
}

}  // namespace

std::vector<Point> sweep(std::span<const profile::UsedShape> shapes, Type type, Extent extent) {
  const Grid grid = grid_of(extent);
  std::vector<std::vector<Point>> families(4);
  for (std::size_t nth = 0; nth < shapes.size(); ++nth) {
    Point base;
    base.shape = shapes[nth].shape;
    base.from = shapes[nth].from;
    base.type = base.kv_type = type;
    base.causal = false;
    base.page = 0;
    add_prefill(grid, base, families[0]);
    add_chunked(grid, base, families[1]);
    add_decode(grid, base, nth, families[2]);
    if (nth < grid.ragged_shapes) add_ragged(grid, base, families[3]);
  }
  std::vector<Point> points = deal(families);
  if (points.size() > grid.points) points.resize(grid.points);
  std::for_each(points.begin(), points.end(), count);
  return points;
}

}  // namespace headroom::bench
