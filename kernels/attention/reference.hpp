#pragma once
// Attention as it is defined, in double precision: what every other implementation is compared
// with.

#include "kernels/attention/problem.hpp"

#include <cstdint>
#include <vector>

namespace headroom::kernels {

/// One output row, [head_dim], of a problem in host memory. sequence: the one that has the query;
/// query: its place there.
[[nodiscard]] std::vector<double> reference_row(const AttentionProblem& problem,
                                                std::int32_t sequence, std::int32_t query,
                                                std::int32_t head);

/// All rows of a problem in host memory; out: [q_tokens, q_heads, head_dim].
void attention_reference(const AttentionProblem& problem, double* out);

}  // namespace headroom::kernels
