#pragma once
// What is measured: a point of a profile (docs/profile.md) whose figures are not known yet.

#include "kernels/attention/problem.hpp"
#include "study/profile/profile.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace headroom::bench {

using profile::Lengths;
using profile::Op;
using profile::Point;
using profile::ShardShape;
using profile::Type;

/// All but the implementation, in one word: "decode/q8kv1d128/bf16/b32/s8192/p16".
[[nodiscard]] std::string id_of(const Point& point);

/// Keys of each sequence, [batch]: the same in every run and for every shard. Uniform:
/// from kv_len / 8 to kv_len. Bimodal: one in eight kv_len, the others kv_len / 16. Lognormal:
/// sigma 1, median kv_len / 8, cut off at kv_len. At least q_len, and the first is kv_len.
[[nodiscard]] std::vector<std::int32_t> lengths_of(const Point& point);

/// Sets kv_tokens, and what the mathematics needs whatever an implementation does: scores, flops
/// and bytes.
void count(Point& point);

/// Of queries, keys, values and outputs alike. The point's type is bf16 or fp16.
[[nodiscard]] kernels::ElementType element_type(const Point& point);

/// 0: contiguous.
[[nodiscard]] inline std::int32_t page_of(const Point& point) {
  return static_cast<std::int32_t>(point.page.value_or(0));
}

}  // namespace headroom::bench
