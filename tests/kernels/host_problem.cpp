#include "tests/kernels/host_problem.hpp"

#include "kernels/attention/element.hpp"
#include "kernels/attention/layout.hpp"
#include "kernels/attention/reference.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace headroom::kernels::test {
namespace {

constexpr std::uint16_t kNan = 0x7FFF;  // of both types

std::size_t elements(std::int32_t tokens, std::int32_t heads, std::int32_t head_dim) {
  return static_cast<std::size_t>(tokens) * static_cast<std::size_t>(heads) *
         static_cast<std::size_t>(head_dim);
}

}  // namespace

HostProblem::HostProblem(const HostSpec& spec) {
  problem_.type = spec.type;
  problem_.q_heads = spec.q_heads;
  problem_.kv_heads = spec.kv_heads;
  problem_.head_dim = spec.head_dim;
  problem_.batch = static_cast<std::int32_t>(spec.sequences.size());
  problem_.causal = spec.causal;
  problem_.scale = 1.0F / std::sqrt(static_cast<float>(spec.head_dim));
  problem_.page = spec.page;
  lay_out(spec);
  fill(spec);
}

void HostProblem::lay_out(const HostSpec& spec) {
  q_starts_ = {0};
  kv_starts_ = {0};
  std::int32_t pages = 0;
  for (const Lengths& sequence : spec.sequences) {
    q_starts_.push_back(q_starts_.back() + sequence.q);
    kv_starts_.push_back(kv_starts_.back() + sequence.kv);
    kv_lengths_.push_back(sequence.kv);
    problem_.longest_q = std::max(problem_.longest_q, sequence.q);
    problem_.longest_kv = std::max(problem_.longest_kv, sequence.kv);
    if (spec.page > 0) pages += (sequence.kv + spec.page - 1) / spec.page;
  }
  problem_.q_tokens = q_starts_.back();
  std::int32_t kv_tokens = kv_starts_.back();
  if (spec.page > 0) {
    // One page more than is used, and all in a random order.
    std::vector<std::int32_t> order(static_cast<std::size_t>(pages) + 1);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937_64(spec.seed));
    kv_tokens = (pages + 1) * spec.page;
    problem_.pages_per_sequence = (problem_.longest_kv + spec.page - 1) / spec.page;
    for (const std::int32_t length : kv_lengths_) {
      for (std::int32_t i = 0; i < problem_.pages_per_sequence; ++i) {
        const bool used = i * spec.page < length;
        page_table_.push_back(used ? order.back() : 0);
        if (used) order.pop_back();
      }
    }
    problem_.page_table = page_table_.data();
  } else {
    problem_.kv_starts = kv_starts_.data();
  }
  q_.resize(elements(problem_.q_tokens, spec.q_heads, spec.head_dim));
  out_.assign(q_.size(), kNan);
  k_.assign(elements(kv_tokens, spec.kv_heads, spec.head_dim), kNan);
  v_ = k_;
  problem_.q_starts = q_starts_.data();
  problem_.kv_lengths = kv_lengths_.data();
  problem_.q = q_.data();
  problem_.k = k_.data();
  problem_.v = v_.data();
  problem_.out = out_.data();
}

void HostProblem::fill(const HostSpec& spec) {
  std::mt19937_64 bits(spec.seed + 1);
  std::normal_distribution<float> normal;
  const auto draw = [&] { return from_float(spec.type, normal(bits)); };
  std::generate(q_.begin(), q_.end(), draw);
  const auto dim = static_cast<std::size_t>(spec.head_dim);
  for (std::int32_t sequence = 0; sequence < problem_.batch; ++sequence) {
    for (std::int32_t key = 0; key < problem_.kv_lengths[sequence]; ++key) {
      for (std::int32_t head = 0; head < spec.kv_heads; ++head) {
        const std::size_t at = kv_offset(problem_, sequence, key, head);
        for (std::size_t d = at; d < at + dim; ++d) {
          k_[d] = draw();
          v_[d] = draw();
        }
      }
    }
  }
}

double relative_error(const AttentionProblem& problem, const std::vector<std::uint16_t>& out) {
  std::vector<double> wanted(out.size());
  attention_reference(problem, wanted.data());
  double off = 0.0;
  double norm = 0.0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto value = static_cast<double>(to_float(problem.type, out[i]));
    if (!std::isfinite(value)) return INFINITY;
    off += (value - wanted[i]) * (value - wanted[i]);
    norm += wanted[i] * wanted[i];
  }
  return norm > 0.0 ? std::sqrt(off / norm) : std::sqrt(off);
}

}  // namespace headroom::kernels::test
