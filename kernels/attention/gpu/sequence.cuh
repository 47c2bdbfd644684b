#pragma once
// One sequence of a batch, as a block reads it, and where its keys stand.

#include "kernels/attention/problem.hpp"
#include "kernels/device/simt.cuh"

#include <cstdint>

namespace headroom::kernels {

struct Sequence {
  std::int32_t q_start;
  std::int32_t q_length;
  std::int32_t kv_length;
  std::int32_t kv_start;      // contiguous only
  const std::int32_t* pages;  // null: contiguous
};

HEADROOM_DEVICE Sequence sequence_of(const AttentionProblem& problem, int index) {
  Sequence sequence{};
  sequence.q_start = problem.q_starts[index];
  sequence.q_length = problem.q_starts[index + 1] - sequence.q_start;
  sequence.kv_length = problem.kv_lengths[index];
  if (problem.page == 0) {
    sequence.kv_start = problem.kv_starts[index];
  } else {
    sequence.pages =
        problem.page_table + static_cast<std::int64_t>(index) * problem.pages_per_sequence;
  }
  return sequence;
}

/// How many of the first keys a query sees, its place in the sequence given: 0 or less, none.
HEADROOM_DEVICE int visible_keys_of(const AttentionProblem& problem, const Sequence& sequence,
                                    int query) {
  return problem.causal ? sequence.kv_length - sequence.q_length + query + 1 : sequence.kv_length;
}

/// Of a key below the length: its row among those of all tokens of k and v. page_shift: log2 of the
/// page.
HEADROOM_DEVICE std::int64_t token_of(const Sequence& sequence, int key, int page_shift) {
  if (sequence.pages == nullptr) return static_cast<std::int64_t>(sequence.kv_start) + key;
  const int slot = key & ((1 << page_shift) - 1);
  return (static_cast<std::int64_t>(sequence.pages[key >> page_shift]) << page_shift) + slot;
}

}  // namespace headroom::kernels
