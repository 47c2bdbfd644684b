#pragma once

#include "bench/attention/cuda/runtime.hpp"
#include "kernels/attention/problem.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace headroom::bench::cuda {

using kernels::AttentionProblem;

inline std::span<const std::int32_t> ints(const std::int32_t* values, std::size_t count) {
  return {values, values == nullptr ? 0 : count};
}

/// The integers of a problem on the device.
struct Tables {
  Buffer q_starts;
  Buffer kv_starts;
  Buffer kv_lengths;
  Buffer page_table;

  static Result<Tables> of(const AttentionProblem& host) {
    const auto batch = static_cast<std::size_t>(host.batch);
    const auto entries = batch * static_cast<std::size_t>(host.pages_per_sequence);
    Tables out;
    HEADROOM_TRY(out.q_starts, Buffer::with(ints(host.q_starts, batch + 1)));
    HEADROOM_TRY(out.kv_starts, Buffer::with(ints(host.kv_starts, batch + 1)));
    HEADROOM_TRY(out.kv_lengths, Buffer::with(ints(host.kv_lengths, batch)));
    HEADROOM_TRY(out.page_table, Buffer::with(ints(host.page_table, entries)));
    return out;
  }

  void put_in(AttentionProblem& problem) const {
    problem.q_starts = static_cast<const std::int32_t*>(q_starts.get());
    problem.kv_lengths = static_cast<const std::int32_t*>(kv_lengths.get());
    if (problem.kv_starts != nullptr) {
      problem.kv_starts = static_cast<const std::int32_t*>(kv_starts.get());
    }
    if (problem.page_table != nullptr) {
      problem.page_table = static_cast<const std::int32_t*>(page_table.get());
    }
  }
};

}  // namespace headroom::bench::cuda
