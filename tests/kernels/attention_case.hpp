#pragma once
// Random attention problems in host memory, hostile where a kernel has no business: pages in any
// order, and everything beyond a sequence's keys not a number.

#include "kernels/attention/problem.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace headroom::test {

struct AttentionShape {
  kernels::ElementType type = kernels::ElementType::bf16;
  std::int32_t q_heads = 1;
  std::int32_t kv_heads = 1;
  std::int32_t head_dim = 64;
  std::int32_t page = 0;
  bool causal = false;
  std::vector<std::int32_t> q_lengths;
  std::vector<std::int32_t> kv_lengths;
};

std::string shape_text(const AttentionShape& shape);

/// Owns what its problem points to; neither copied nor moved, since the problem points into it.
class AttentionCase {
 public:
  AttentionCase(const AttentionShape& shape, std::uint32_t seed);
  AttentionCase(const AttentionCase&) = delete;
  AttentionCase& operator=(const AttentionCase&) = delete;

  kernels::AttentionProblem problem;
  std::vector<std::uint16_t> q, k, v, out;  // out: not numbers yet
  std::vector<std::int32_t> q_starts, kv_starts, kv_lengths, page_table;

  /// Norm of out minus the reference in double precision, over the norm of the reference. Infinite
  /// where an output is no number, or one that should be 0 is not.
  [[nodiscard]] double relative_error() const;
};

/// What rounding to the type allows: weights and outputs are rounded to 8 bits (bf16) or 11 (fp16).
[[nodiscard]] double allowed_error(kernels::ElementType type);

}  // namespace headroom::test
