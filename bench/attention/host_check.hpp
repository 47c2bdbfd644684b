#pragma once
// A point's lengths and pages in host memory, and the comparison of its outputs with the reference.

#include "bench/attention/arena.hpp"
#include "bench/attention/point.hpp"
#include "study/profile/profile.hpp"

#include <cstdint>
#include <vector>

namespace headroom::bench {

inline constexpr std::uint16_t kPoison = 0x7FFF;  // NaN of both element types

/// What is on the host whatever computes: the problem without q, k, v and out.
class HostInputs {
 public:
  explicit HostInputs(const Point& point);
  HostInputs(const HostInputs&) = delete;
  HostInputs& operator=(const HostInputs&) = delete;

  [[nodiscard]] const kernels::AttentionProblem& problem() const { return problem_; }

 private:
  std::vector<std::int32_t> q_starts_;
  std::vector<std::int32_t> kv_starts_;
  std::vector<std::int32_t> kv_lengths_;
  PageTable pages_;
  kernels::AttentionProblem problem_;
};

/// Compares so many random rows. The problem and out are in host memory.
[[nodiscard]] profile::Check check_rows(const kernels::AttentionProblem& problem,
                                        const std::vector<std::uint16_t>& out, int rows);

}  // namespace headroom::bench
