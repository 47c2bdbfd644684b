#pragma once
// Where a problem's elements stand, for code that runs on the host.

#include "kernels/attention/problem.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace headroom::kernels {

/// Query heads that read the same KV head.
inline std::int32_t heads_per_kv(const AttentionProblem& problem) {
  return problem.q_heads / problem.kv_heads;
}

inline std::int32_t q_length(const AttentionProblem& problem, std::int32_t sequence) {
  return problem.q_starts[sequence + 1] - problem.q_starts[sequence];
}

/// How many of its sequence's first keys a query sees; query: its place in the sequence.
inline std::int32_t visible_keys(const AttentionProblem& problem, std::int32_t sequence,
                                 std::int32_t query) {
  const std::int32_t keys = problem.kv_lengths[sequence];
  if (!problem.causal) return keys;
  return std::max(0, keys - q_length(problem, sequence) + query + 1);
}

/// Of q and out: the first element of a query token and head.
inline std::size_t q_offset(const AttentionProblem& problem, std::int32_t token,
                            std::int32_t head) {
  const auto row = static_cast<std::size_t>(token) * static_cast<std::size_t>(problem.q_heads) +
                   static_cast<std::size_t>(head);
  return row * static_cast<std::size_t>(problem.head_dim);
}

/// Of k and v: the first element of a sequence's key and KV head.
inline std::size_t kv_offset(const AttentionProblem& problem, std::int32_t sequence,
                             std::int32_t key, std::int32_t kv_head) {
  std::size_t token = 0;
  if (problem.page == 0) {
    token = static_cast<std::size_t>(problem.kv_starts[sequence]) + static_cast<std::size_t>(key);
  } else {
    const auto entry =
        static_cast<std::size_t>(sequence) * static_cast<std::size_t>(problem.pages_per_sequence) +
        static_cast<std::size_t>(key / problem.page);
    token = static_cast<std::size_t>(problem.page_table[entry]) *
                static_cast<std::size_t>(problem.page) +
            static_cast<std::size_t>(key % problem.page);
  }
  const std::size_t row =
      token * static_cast<std::size_t>(problem.kv_heads) + static_cast<std::size_t>(kv_head);
  return row * static_cast<std::size_t>(problem.head_dim);
}

}  // namespace headroom::kernels
