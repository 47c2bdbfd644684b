#pragma once
// What attention computes and moves, counted: docs/profile.md.

#include "sim/core/result.hpp"
#include "study/profile/profile.hpp"

namespace headroom::profile {

/// Query-key pairs of one sequence and head that are not masked: query i of q sees the keys up to
/// kv - q + i. Preconditions: q <= kv where it is causal; both below 2^31.
[[nodiscard]] std::int64_t visible_pairs(std::int64_t q, std::int64_t kv, bool causal);

/// Sets flops, bytes and scores of a point whose sequences are all of q_len and kv_len. Error: more
/// than kMost.
[[nodiscard]] Status count_work(Point& point);

}  // namespace headroom::profile
