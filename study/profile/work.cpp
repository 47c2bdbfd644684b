#include "study/profile/work.hpp"

#include "sim/core/int128.hpp"

#include <algorithm>

namespace headroom::profile {
namespace {

constexpr std::int64_t kMostFactor = std::int64_t{1} << 31U;

}  // namespace

std::int64_t visible_pairs(std::int64_t q, std::int64_t kv, bool causal) {
  return causal ? q * (kv - q) + q * (q + 1) / 2 : q * kv;
}

Status count_work(Point& point) {
  const ShardShape& shape = point.shape;
  // Factors this large make no sense, and the products below would not fit.
  const std::int64_t largest = std::max(
      {shape.q_heads, shape.kv_heads, shape.head_dim, point.batch, point.q_len, point.kv_len});
  if (largest >= kMostFactor / 2) return fail("the heads or tokens are too many to be counted");
  const Int128 sequence_heads = Int128{point.batch} * shape.q_heads;
  if (sequence_heads > kMost) return fail("the heads are too many to be counted");
  const Int128 pairs = visible_pairs(point.q_len, point.kv_len, point.causal);
  if (pairs > kMost / sequence_heads) return fail("the scores are too many to be counted");
  const Int128 scores = sequence_heads * pairs;
  const Int128 flops = scores * 4 * shape.head_dim;
  const Int128 kv_tokens = Int128{point.batch} * point.kv_len;
  const Int128 queries = sequence_heads * point.q_len;  // and as many outputs
  const Int128 keys = kv_tokens * shape.kv_heads;       // and as many values
  if (queries > kMost || keys > kMost) return fail("the bytes are too many to be counted");
  const Int128 bytes =
      2 * shape.head_dim * (queries * type_bytes(point.type) + keys * type_bytes(point.kv_type));
  if (flops > kMost || bytes > kMost) return fail("the operations are too many to be counted");
  point.scores = static_cast<std::int64_t>(scores);
  point.flops = static_cast<std::int64_t>(flops);
  point.bytes = static_cast<std::int64_t>(bytes);
  return {};
}

}  // namespace headroom::profile
