#pragma once

#include "kernels/attention/problem.hpp"
#include "study/profile/profile.hpp"

namespace headroom::bench::cuda {

/// Computes so many random rows of a problem again with the plain kernel, which tests compare with
/// double precision: on the host a row of 128 thousand keys would take longer than all samples.
/// host: its integers in host memory; device: the problem itself, with its outputs.
[[nodiscard]] profile::Check check_against_plain(const kernels::AttentionProblem& host,
                                                 const kernels::AttentionProblem& device, int rows);

}  // namespace headroom::bench::cuda
