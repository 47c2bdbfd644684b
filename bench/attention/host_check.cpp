#include "bench/attention/host_check.hpp"

#include "kernels/attention/element.hpp"
#include "kernels/attention/layout.hpp"
#include "kernels/attention/reference.hpp"
#include "sim/core/random.hpp"

#include <boost/random/uniform_int_distribution.hpp>

#include <cmath>

namespace headroom::bench {

using kernels::AttentionProblem;

HostInputs::HostInputs(const Point& point)
    : kv_lengths_(lengths_of(point)), pages_(page_table_of(point)) {
  const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  q_starts_ = {0};
  kv_starts_ = {0};
  for (const std::int32_t length : kv_lengths_) {
    q_starts_.push_back(q_starts_.back() + narrow(point.q_len));
    kv_starts_.push_back(kv_starts_.back() + length);
  }
  problem_.type = element_type(point);
  problem_.q_heads = narrow(point.shape.q_heads);
  problem_.kv_heads = narrow(point.shape.kv_heads);
  problem_.head_dim = narrow(point.shape.head_dim);
  problem_.batch = narrow(point.batch);
  problem_.causal = point.causal;
  problem_.scale = 1.0F / std::sqrt(static_cast<float>(point.shape.head_dim));
  problem_.q_starts = q_starts_.data();
  problem_.kv_lengths = kv_lengths_.data();
  problem_.page = page_of(point);
  if (problem_.page == 0) {
    problem_.kv_starts = kv_starts_.data();
  } else {
    problem_.page_table = pages_.pages.data();
    problem_.pages_per_sequence = pages_.pages_per_sequence;
  }
  problem_.q_tokens = q_starts_.back();
  problem_.longest_q = narrow(point.q_len);
  problem_.longest_kv = narrow(point.kv_len);
}

profile::Check check_rows(const AttentionProblem& problem, const std::vector<std::uint16_t>& out,
                          int rows) {
  using Draw = boost::random::uniform_int_distribution<std::int32_t>;
  RandomStream random = random_stream(1, "rows to check");
  double off = 0.0;
  double norm = 0.0;
  for (int i = 0; i < rows; ++i) {
    const std::int32_t sequence = Draw(0, problem.batch - 1)(random);
    const std::int32_t query = Draw(0, kernels::q_length(problem, sequence) - 1)(random);
    const std::int32_t head = Draw(0, problem.q_heads - 1)(random);
    const auto wanted = kernels::reference_row(problem, sequence, query, head);
    const std::size_t at = kernels::q_offset(problem, problem.q_starts[sequence] + query, head);
    for (std::size_t d = 0; d < wanted.size(); ++d) {
      const auto value = static_cast<double>(kernels::to_float(problem.type, out[at + d]));
      off += (value - wanted[d]) * (value - wanted[d]);
      norm += wanted[d] * wanted[d];
    }
  }
  // NaN where an output was not written: that is no error of any size, and not taken for one.
  return {std::sqrt(off / norm), rows};
}

}  // namespace headroom::bench
