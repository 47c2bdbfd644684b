#include "tests/kernels/attention_case.hpp"

#include "kernels/attention/element.hpp"
#include "kernels/attention/reference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <random>

namespace headroom::test {
namespace {

using kernels::AttentionProblem;
using kernels::ElementType;

constexpr std::uint16_t kNotANumber = 0xFFFF;  // of both types

std::vector<std::uint16_t> normal(std::size_t count, ElementType type, std::mt19937& random) {
  std::normal_distribution<float> distribution;
  std::vector<std::uint16_t> values(count);
  for (auto& value : values) value = kernels::from_float(type, distribution(random));
  return values;
}

std::vector<std::int32_t> starts_of(const std::vector<std::int32_t>& lengths, std::int32_t gap) {
  std::vector<std::int32_t> starts{0};
  for (const std::int32_t length : lengths) starts.push_back(starts.back() + length + gap);
  return starts;
}

std::size_t product(std::initializer_list<std::int32_t> factors) {
  std::size_t result = 1;
  for (const std::int32_t factor : factors) result *= static_cast<std::size_t>(factor);
  return result;
}

std::int32_t largest(const std::vector<std::int32_t>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

// Every sequence has pages for the longest one and one to spare; they are dealt out in random
// order.
void deal_pages(AttentionCase& data, std::mt19937& random) {
  AttentionProblem& problem = data.problem;
  problem.pages_per_sequence = problem.longest_kv / problem.page + 1;
  data.page_table.resize(product({problem.batch, problem.pages_per_sequence}));
  std::iota(data.page_table.begin(), data.page_table.end(), 0);
  std::shuffle(data.page_table.begin(), data.page_table.end(), random);
}

// Rows of k and v, by token: where a sequence has its keys, and all others.
std::vector<bool> used_rows(const AttentionCase& data, std::size_t tokens) {
  const AttentionProblem& problem = data.problem;
  std::vector<bool> used(tokens, false);
  for (std::int32_t b = 0; b < problem.batch; ++b) {
    for (std::int32_t key = 0; key < data.kv_lengths[static_cast<std::size_t>(b)]; ++key) {
      std::int32_t row = 0;
      if (problem.page == 0) {
        row = data.kv_starts[static_cast<std::size_t>(b)] + key;
      } else {
        const std::int32_t entry = b * problem.pages_per_sequence + key / problem.page;
        row = data.page_table[static_cast<std::size_t>(entry)] * problem.page + key % problem.page;
      }
      used[static_cast<std::size_t>(row)] = true;
    }
  }
  return used;
}

void poison_unused(std::vector<std::uint16_t>& rows, const std::vector<bool>& used,
                   std::size_t elements) {
  for (std::size_t row = 0; row < used.size(); ++row) {
    if (used[row]) continue;
    std::fill_n(rows.begin() + static_cast<std::ptrdiff_t>(row * elements), elements, kNotANumber);
  }
}

}  // namespace

std::string shape_text(const AttentionShape& shape) {
  return fmt::format("{} heads {}/{} dim {} page {} {} q {} kv {}",
                     shape.type == ElementType::bf16 ? "bf16" : "fp16", shape.q_heads,
                     shape.kv_heads, shape.head_dim, shape.page, shape.causal ? "causal" : "full",
                     fmt::join(shape.q_lengths, ","), fmt::join(shape.kv_lengths, ","));
}

AttentionCase::AttentionCase(const AttentionShape& shape, std::uint32_t seed)
    : kv_lengths(shape.kv_lengths) {
  std::mt19937 random(seed);
  problem.type = shape.type;
  problem.q_heads = shape.q_heads;
  problem.kv_heads = shape.kv_heads;
  problem.head_dim = shape.head_dim;
  problem.batch = static_cast<std::int32_t>(kv_lengths.size());
  problem.causal = shape.causal;
  problem.scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
  problem.page = shape.page;
  problem.longest_q = largest(shape.q_lengths);
  problem.longest_kv = largest(kv_lengths);
  q_starts = starts_of(shape.q_lengths, 0);
  problem.q_tokens = q_starts.back();

  std::size_t tokens = 0;
  if (problem.page == 0) {
    kv_starts = starts_of(kv_lengths, 3);  // what stands between sequences is poisoned too
    tokens = static_cast<std::size_t>(kv_starts.back());
  } else {
    deal_pages(*this, random);
    tokens = page_table.size() * static_cast<std::size_t>(problem.page);
  }
  const auto q_elements = product({problem.q_tokens, problem.q_heads, problem.head_dim});
  const auto kv_elements = product({problem.kv_heads, problem.head_dim});
  q = normal(q_elements, shape.type, random);
  k = normal(tokens * kv_elements, shape.type, random);
  v = normal(tokens * kv_elements, shape.type, random);
  out.assign(q_elements, kNotANumber);
  const std::vector<bool> used = used_rows(*this, tokens);
  poison_unused(k, used, kv_elements);
  poison_unused(v, used, kv_elements);

  problem.q = q.data();
  problem.k = k.data();
  problem.v = v.data();
  problem.out = out.data();
  problem.q_starts = q_starts.data();
  problem.kv_lengths = kv_lengths.data();
  problem.kv_starts = kv_starts.empty() ? nullptr : kv_starts.data();
  problem.page_table = page_table.empty() ? nullptr : page_table.data();
}

double AttentionCase::relative_error() const {
  std::vector<double> expected(out.size());
  kernels::attention_reference(problem, expected.data());
  double difference = 0.0;
  double norm = 0.0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto value = static_cast<double>(kernels::to_float(problem.type, out[i]));
    if (!std::isfinite(value)) return std::numeric_limits<double>::infinity();
    difference += (value - expected[i]) * (value - expected[i]);
    norm += expected[i] * expected[i];
  }
  if (difference == 0.0) return 0.0;
  return std::sqrt(difference / norm);
}

double allowed_error(ElementType type) { return type == ElementType::bf16 ? 6e-3 : 8e-4; }

}  // namespace headroom::test
