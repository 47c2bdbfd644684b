#pragma once

#include "kernels/attention/problem.hpp"

#include <cstdint>
#include <vector>

namespace headroom::kernels::test {

struct Lengths {
  std::int32_t q = 1;
  std::int32_t kv = 1;
};

struct HostSpec {
  ElementType type = ElementType::kBf16;
  std::int32_t q_heads = 4;
  std::int32_t kv_heads = 2;
  std::int32_t head_dim = 64;
  std::vector<Lengths> sequences;
  bool causal = false;
  std::int32_t page = 0;
  std::uint64_t seed = 1;
};

/// A problem of normal random numbers with its memory. Pages lie in a random order; what no
/// sequence owns of them, and all outputs, is NaN.
class HostProblem {
 public:
  explicit HostProblem(const HostSpec& spec);
  HostProblem(const HostProblem&) = delete;
  HostProblem& operator=(const HostProblem&) = delete;

  [[nodiscard]] const AttentionProblem& problem() const { return problem_; }
  [[nodiscard]] const std::vector<std::uint16_t>& q() const { return q_; }
  [[nodiscard]] const std::vector<std::uint16_t>& k() const { return k_; }
  [[nodiscard]] const std::vector<std::uint16_t>& v() const { return v_; }
  [[nodiscard]] std::vector<std::uint16_t>& out() { return out_; }
  [[nodiscard]] const std::vector<std::int32_t>& page_table() const { return page_table_; }

 private:
  void lay_out(const HostSpec& spec);
  void fill(const HostSpec& spec);

  AttentionProblem problem_;
  std::vector<std::uint16_t> q_;
  std::vector<std::uint16_t> k_;
  std::vector<std::uint16_t> v_;
  std::vector<std::uint16_t> out_;
  std::vector<std::int32_t> q_starts_;
  std::vector<std::int32_t> kv_starts_;
  std::vector<std::int32_t> kv_lengths_;
  std::vector<std::int32_t> page_table_;
};

/// ||out - reference|| / ||reference|| over all outputs; infinite if one of out is not finite.
[[nodiscard]] double relative_error(const AttentionProblem& problem,
                                    const std::vector<std::uint16_t>& out);

}  // namespace headroom::kernels::test
