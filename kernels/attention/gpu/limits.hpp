#pragma once
// What all kernels here ask of a problem, checked on the host before a launch.

#include "kernels/attention/problem.hpp"
#include "kernels/device/status.hpp"

#include <cstdint>

namespace headroom::kernels {

constexpr float kLog2E = 1.4426950408889634F;

/// log2 of the page; 0 where keys are contiguous.
constexpr int page_shift_of(const AttentionProblem& problem) {
  int shift = 0;
  while ((std::int64_t{1} << (shift + 1)) <= problem.page) ++shift;
  return shift;
}

/// head_dim 64, 128 or 256; heads that divide; a positive scale; contiguous, or pages of a power of
/// two of at least 16 tokens. Pointers are not looked at.
constexpr bool is_supported_shape(const AttentionProblem& problem) {
  const bool dims = problem.head_dim == 64 || problem.head_dim == 128 || problem.head_dim == 256;
  const bool heads =
      problem.kv_heads > 0 && problem.q_heads > 0 && problem.q_heads % problem.kv_heads == 0;
  const bool pages =
      problem.page == 0 || (problem.page >= 16 && problem.page == 1 << page_shift_of(problem) &&
                            problem.pages_per_sequence > 0);
  // A scale that is no number fails too.
  const bool scale = problem.scale > 0.0F && problem.scale < 3.0e38F;
  return dims && heads && pages && scale && problem.batch >= 0 && problem.q_tokens >= 0 &&
         problem.longest_q >= 0 && problem.longest_kv >= 0;
}

/// Not null, and a multiple of 16.
bool is_aligned_pointer(const void* pointer);

/// Whether the pointers a problem of that shape needs are there and allow accesses of 16 bytes.
Status check_pointers(const AttentionProblem& problem);

}  // namespace headroom::kernels
