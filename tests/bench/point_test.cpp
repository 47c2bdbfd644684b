#include "bench/attention/point.hpp"

#include "bench/attention/arena.hpp"
#include "bench/attention/shapes.hpp"
#include "bench/attention/sweep.hpp"
#include "tests/catch.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace headroom::bench {
namespace {

Point decode() {
  Point point;
  point.op = Op::decode;
  point.shape = {8, 1, 128};
  point.batch = 32;
  point.kv_len = 8192;
  point.causal = false;
  point.page = 16;
  return point;
}

TEST_CASE("what a point needs, by hand") {
  Point point = decode();
  count(point);
  CHECK(id_of(point) == "decode/q8kv1d128/bf16/b32/s8192/p16");
  CHECK(point.kv_tokens == 32 * 8192);
  CHECK(point.scores == 8 * 32 * 8192);
  CHECK(point.flops == 4 * 128 * point.scores);
  // 2 bytes of: 32 queries and outputs of 8 heads, and as many keys and values of one.
  CHECK(point.bytes == 2 * 128 * (2 * 32 * 8 + 2 * 32 * 8192));

  point.op = Op::prefill;
  point.causal = true;
  point.batch = 1;
  point.q_len = point.kv_len = 4;
  count(point);
  CHECK(point.scores == 8 * 10);
  point.op = Op::chunked_prefill;
  point.q_len = 2;
  count(point);
  CHECK(point.scores == 8 * (3 + 4));
  point.causal = false;
  count(point);
  CHECK(point.scores == 8 * 8);
}

TEST_CASE("ragged lengths are the same each time, within bounds, and not equal") {
  for (const Lengths kind : {Lengths::uniform, Lengths::bimodal, Lengths::lognormal}) {
    Point point = decode();
    point.batch = 256;
    point.lengths = kind;
    const auto lengths = lengths_of(point);
    CHECK(lengths == lengths_of(point));
    CHECK(lengths.front() == 8192);
    CHECK(*std::min_element(lengths.begin(), lengths.end()) >= 1);
    CHECK(*std::max_element(lengths.begin(), lengths.end()) == 8192);
    CHECK(std::set(lengths.begin(), lengths.end()).size() > 1);
    // Of any shard, type and page, so that they can be compared.
    point.shape = {64, 8, 256};
    point.type = Type::fp16;
    point.page = 64;
    CHECK(lengths == lengths_of(point));
  }
}

TEST_CASE("a page table names each page once") {
  Point point = decode();
  point.lengths = Lengths::uniform;
  const PageTable table = page_table_of(point);
  const auto lengths = lengths_of(point);
  std::set<std::int32_t> seen;
  for (std::size_t sequence = 0; sequence < lengths.size(); ++sequence) {
    for (std::int32_t i = 0; i < (lengths[sequence] + 15) / 16; ++i) {
      const auto at = sequence * static_cast<std::size_t>(table.pages_per_sequence) +
                      static_cast<std::size_t>(i);
      CHECK(seen.insert(table.pages[at]).second);
    }
  }
  CHECK(static_cast<std::int32_t>(seen.size()) == table.count);
  CHECK(*seen.rbegin() == table.count - 1);
  CHECK(extents_of(point).kv == static_cast<std::size_t>(table.count) * 16 * 128);
}

TEST_CASE("launches take other parts of the arena until it ends") {
  const Extents extents{256, 512};
  std::set<std::size_t> begins;
  for (std::size_t nth = 0; nth < 4; ++nth) {
    const Slices at = slices_of(extents, 4 * 1280 + 700, nth);
    CHECK(at.k == at.q + 256);
    CHECK(at.v == at.k + 512);
    CHECK(begins.insert(at.q).second);
  }
  CHECK(slices_of(extents, 4 * 1280 + 700, 4).q == 0);
}

TEST_CASE("seven models give 23 shards") {
  const auto shapes = built_in_shapes();
  CHECK(shapes.size() == 23);
  // 28 heads are not divided by 8.
  std::size_t uses = 0;
  for (const profile::UsedShape& shape : shapes) {
    uses += shape.from.size();
    CHECK(shape.shape.q_heads % shape.shape.kv_heads == 0);
  }
  CHECK(uses == 7 * 4 - 1);
  const auto shared =
      std::find_if(shapes.begin(), shapes.end(), [](const profile::UsedShape& each) {
        return each.shape == ShardShape{8, 1, 128};
      });
  REQUIRE(shared != shapes.end());
  // Llama-3.1-70B over 8 GPUs, and Qwen3-235B-A22B over 8 with each KV head on two.
  REQUIRE(shared->from.size() == 2);
  CHECK(shared->from[0].kv_replication == 1);
  CHECK(shared->from[1].kv_replication == 2);
}

TEST_CASE("a sweep is in the same order each time, and each stretch has all kinds") {
  const auto shapes = built_in_shapes();
  const auto points = sweep(shapes, Type::bf16, Loads::gpu);
  const auto again = sweep(shapes, Type::bf16, Loads::gpu);
  REQUIRE(points.size() == again.size());
  std::set<std::string> ids;
  for (std::size_t i = 0; i < points.size(); ++i) {
    CHECK(id_of(points[i]) == id_of(again[i]));
    CHECK(ids.insert(id_of(points[i])).second);
    CHECK(points[i].bytes > 0);
    CHECK(points[i].kv_tokens * points[i].shape.kv_heads * points[i].shape.head_dim * 4 <=
          std::int64_t{8} << 30);
  }
  for (const Op op : {Op::prefill, Op::chunked_prefill, Op::decode}) {
    const auto of = [&](const auto first, const auto last) {
      return static_cast<double>(
          std::count_if(first, last, [&](const Point& point) { return point.op == op; }));
    };
    const auto tenth = points.begin() + static_cast<std::ptrdiff_t>(points.size() / 10);
    const double share = of(points.begin(), points.end()) / static_cast<double>(points.size());
    CHECK(of(points.begin(), tenth) / static_cast<double>(tenth - points.begin()) ==
          Approx(share).margin(0.02));
  }
  CHECK(sweep(shapes, Type::bf16, Loads::gpu, 60).size() == 60);
}

}  // namespace
}  // namespace headroom::bench
