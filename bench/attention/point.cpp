#include "bench/attention/point.hpp"

#include "sim/core/random.hpp"
#include "study/profile/work.hpp"

#include <boost/random/lognormal_distribution.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace headroom::bench {
namespace {

std::int32_t draw_length(Lengths kind, std::int32_t longest, RandomStream& random) {
  using Draw = boost::random::uniform_int_distribution<std::int32_t>;
  switch (kind) {
    case Lengths::equal:
      return longest;
    case Lengths::uniform:
      return Draw(longest / 8, longest)(random);
    case Lengths::bimodal:
      return Draw(0, 7)(random) == 0 ? longest : longest / 16;
    case Lengths::lognormal:
      break;
  }
  const double median = std::max(1.0, longest / 8.0);
  const double drawn = boost::random::lognormal_distribution<double>(std::log(median), 1.0)(random);
  return static_cast<std::int32_t>(std::min<double>(drawn, longest));
}

}  // namespace

std::string id_of(const Point& point) {
  const ShardShape& shape = point.shape;
  std::string out = fmt::format("{}/q{}kv{}d{}/{}/b{}", name_of(profile::kOps, point.op),
                                shape.q_heads, shape.kv_heads, shape.head_dim,
                                profile::name_of(profile::kTypes, point.type), point.batch);
  if (point.op == Op::chunked_prefill) out += fmt::format("/q{}", point.q_len);
  out += fmt::format("/s{}", point.kv_len);
  if (point.lengths != Lengths::equal) {
    out += fmt::format("/{}", name_of(profile::kLengths, point.lengths));
  }
  if (page_of(point) > 0) out += fmt::format("/p{}", page_of(point));
  if (point.op != Op::decode && !point.causal) out += "/full";
  return out;
}

std::vector<std::int32_t> lengths_of(const Point& point) {
  // Not of the shard, the type or the page: what is compared across them has the same lengths.
  const auto load = fmt::format("{} of {}, {} of {}", point.batch, point.kv_len, point.q_len,
                                name_of(profile::kLengths, point.lengths));
  RandomStream random = random_stream(1, load);
  const auto longest = static_cast<std::int32_t>(point.kv_len);
  const auto least = std::max(1, static_cast<std::int32_t>(point.q_len));
  std::vector<std::int32_t> lengths(static_cast<std::size_t>(point.batch));
  for (std::int32_t& length : lengths) {
    length = std::max(least, draw_length(point.lengths, longest, random));
  }
  lengths.front() = longest;
  return lengths;
}

void count(Point& point) {
  const ShardShape& shape = point.shape;
  point.kv_tokens = point.scores = 0;
  for (const std::int32_t keys : lengths_of(point)) {
    point.kv_tokens += keys;
    point.scores += shape.q_heads * profile::visible_pairs(point.q_len, keys, point.causal);
  }
  point.flops = 4 * shape.head_dim * point.scores;
  const std::int64_t queries = point.batch * point.q_len;
  point.bytes = 2 * shape.head_dim *
                (type_bytes(point.type) * queries * shape.q_heads +
                 type_bytes(point.kv_type) * point.kv_tokens * shape.kv_heads);
}

kernels::ElementType element_type(const Point& point) {
  return point.type == Type::fp16 ? kernels::ElementType::fp16 : kernels::ElementType::bf16;
}

}  // namespace headroom::bench
