#include "bench/attention/sweep.hpp"

#include "sim/core/random.hpp"

#include <boost/random/uniform_real_distribution.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
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
};

Grid grid_of(Loads loads) {
  if (loads == Loads::cpu) {
    return {{128, 512}, {1}, 1024, {128}, {512}, {1, 4}, {256, 1024}, 1 << 26};
  }
  return {{256, 512, 1024, 2048, 4096, 8192, 16384, 32768},
          {1, 4},
          32768,
          {512, 2048},
          {2048, 8192, 32768},
          {1, 4, 16, 64, 256},
          {512, 2048, 8192, 32768, 131072},
          std::int64_t{8} << 30};
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

void add_decode(const Grid& grid, const Point& base, bool closely, std::vector<Point>& out) {
  Point point = base;
  point.op = Op::decode;
  for (const std::int32_t batch : grid.decode_batches) {
    for (const std::int32_t length : grid.decode_lengths) {
      if (cache_bytes(point.shape, batch, length) > grid.cache_bytes) continue;
      point.batch = batch;
      point.kv_len = length;
      point.page = kUsualPage;
      out.push_back(point);
      if (!closely) continue;
      point.page = kLargePage;
      out.push_back(point);
    }
  }
}

void add_ragged(const Grid& grid, const Point& base, std::int32_t longest,
                std::vector<Point>& out) {
  Point point = base;
  point.op = Op::decode;
  point.page = kUsualPage;
  point.batch = grid.decode_batches.back();
  point.kv_len = longest;
  for (const Lengths kind : {Lengths::uniform, Lengths::bimodal, Lengths::lognormal}) {
    point.lengths = kind;
    out.push_back(point);
  }
}

// Two models, all of whose shards are also measured with large pages and with ragged batches: those
// of the largest shards.
std::set<std::string> models_looked_at_closely(std::span<const profile::UsedShape> shapes) {
  constexpr std::size_t kModels = 2;
  std::set<std::string> models;
  for (auto shape = shapes.rbegin(); shape != shapes.rend() && models.size() < kModels; ++shape) {
    if (!shape->from.empty()) models.insert(shape->from.front().model);
  }
  return models;
}

bool uses_one_of(const profile::UsedShape& shape, const std::set<std::string>& models) {
  return std::any_of(shape.from.begin(), shape.from.end(),
                     [&](const profile::ShapeUse& use) { return models.count(use.model) > 0; });
}

// The same for all shards, so that they can be compared: what the largest of them has room for.
std::int32_t ragged_length(const Grid& grid, std::span<const profile::UsedShape> shapes,
                           const std::set<std::string>& models) {
  std::int32_t longest = grid.decode_lengths.back();
  for (const profile::UsedShape& used : shapes) {
    if (!uses_one_of(used, models)) continue;
    const std::int64_t of_a_token = cache_bytes(used.shape, grid.decode_batches.back(), 1);
    while (longest > 0 && of_a_token * longest > grid.cache_bytes) longest /= 2;
  }
  return longest;
}

// Shuffles each family by itself and then deals them out evenly: the i-th of n stands at about
// (i + a draw) / n.
std::vector<Point> deal(const std::vector<std::vector<Point>>& families) {
  RandomStream random = random_stream(1, "order of points");
  boost::random::uniform_real_distribution<double> draw(0.0, 1.0);
  std::vector<std::pair<double, Point>> placed;
  for (const auto& family : families) {
    std::vector<std::pair<double, Point>> shuffled;
    shuffled.reserve(family.size());
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
  out.reserve(placed.size());
  for (const auto& [at, point] : placed) out.push_back(point);
  return out;
}

}  // namespace

std::vector<Point> sweep(std::span<const profile::UsedShape> shapes, Type type, Loads loads,
                         std::size_t most) {
  const Grid grid = grid_of(loads);
  std::vector<std::vector<Point>> families(4);
  const std::set<std::string> close_models = models_looked_at_closely(shapes);
  const std::int32_t longest = ragged_length(grid, shapes, close_models);
  for (const profile::UsedShape& used : shapes) {
    const bool closely = uses_one_of(used, close_models);
    Point base;
    base.shape = used.shape;
    base.from = used.from;
    base.type = base.kv_type = type;
    base.causal = false;
    base.page = 0;
    add_prefill(grid, base, families[0]);
    add_chunked(grid, base, families[1]);
    add_decode(grid, base, closely, families[2]);
    if (closely && longest > 0) add_ragged(grid, base, longest, families[3]);
  }
  std::vector<Point> points = deal(families);
  if (points.size() > most) points.resize(most);
  std::for_each(points.begin(), points.end(), count);
  return points;
}

}  // namespace headroom::bench
