#include "kernels/attention/reference.hpp"

#include "kernels/attention/element.hpp"
#include "kernels/attention/layout.hpp"

#include <algorithm>
#include <cmath>

namespace headroom::kernels {
namespace {

double element(const AttentionProblem& problem, const void* values, std::size_t at) {
  return static_cast<double>(to_float(problem.type, static_cast<const std::uint16_t*>(values)[at]));
}

double score(const AttentionProblem& problem, std::size_t q_at, std::size_t k_at) {
  double sum = 0.0;
  for (std::size_t d = 0; d < static_cast<std::size_t>(problem.head_dim); ++d) {
    sum += element(problem, problem.q, q_at + d) * element(problem, problem.k, k_at + d);
  }
  return sum * static_cast<double>(problem.scale);
}

}  // namespace

std::vector<double> reference_row(const AttentionProblem& problem, std::int32_t sequence,
                                  std::int32_t query, std::int32_t head) {
  const std::int32_t kv_head = head / heads_per_kv(problem);
  const std::size_t q_at = q_offset(problem, problem.q_starts[sequence] + query, head);
  const std::int32_t keys = visible_keys(problem, sequence, query);
  std::vector<double> out(static_cast<std::size_t>(problem.head_dim), 0.0);
  if (keys == 0) return out;

  std::vector<double> weights(static_cast<std::size_t>(keys));
  for (std::int32_t key = 0; key < keys; ++key) {
    weights[static_cast<std::size_t>(key)] =
        score(problem, q_at, kv_offset(problem, sequence, key, kv_head));
  }
  const double largest = *std::max_element(weights.begin(), weights.end());
  double sum = 0.0;
  for (double& weight : weights) sum += weight = std::exp(weight - largest);
  for (std::int32_t key = 0; key < keys; ++key) {
    const std::size_t v_at = kv_offset(problem, sequence, key, kv_head);
    const double weight = weights[static_cast<std::size_t>(key)] / sum;
    for (std::size_t d = 0; d < out.size(); ++d) {
      out[d] += weight * element(problem, problem.v, v_at + d);
    }
  }
  return out;
}

void attention_reference(const AttentionProblem& problem, double* out) {
  for (std::int32_t sequence = 0; sequence < problem.batch; ++sequence) {
    for (std::int32_t query = 0; query < q_length(problem, sequence); ++query) {
      for (std::int32_t head = 0; head < problem.q_heads; ++head) {
        const auto row = reference_row(problem, sequence, query, head);
        const std::int32_t token = problem.q_starts[sequence] + query;
        std::copy(row.begin(), row.end(), out + q_offset(problem, token, head));
      }
    }
  }
}

}  // namespace headroom::kernels
