#include "bench/attention/cuda/plain_check.hpp"

#include "bench/attention/cuda/runtime.hpp"
#include "bench/attention/cuda/tables.hpp"
#include "kernels/attention/element.hpp"
#include "kernels/attention/gpu/implementations.hpp"
#include "kernels/attention/layout.hpp"
#include "sim/core/random.hpp"

#include <boost/random/uniform_int_distribution.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace headroom::bench::cuda {
namespace {

constexpr std::size_t kElementBytes = 2;

/// Random queries as a problem of its own: each a sequence of one query that sees what it saw.
struct Rows {
  std::vector<std::int32_t> q_starts{0};
  std::vector<std::int32_t> kv_starts;
  std::vector<std::int32_t> kv_lengths;
  std::vector<std::int32_t> page_table;
  std::vector<std::int32_t> tokens;

  Rows(const AttentionProblem& host, int count) {
    using Draw = boost::random::uniform_int_distribution<std::int32_t>;
    RandomStream random = random_stream(1, "rows to check");
    for (std::int32_t i = 0; i < count; ++i) {
      const std::int32_t sequence = Draw(0, host.batch - 1)(random);
      const std::int32_t query = Draw(0, kernels::q_length(host, sequence) - 1)(random);
      tokens.push_back(host.q_starts[sequence] + query);
      q_starts.push_back(i + 1);
      kv_lengths.push_back(kernels::visible_keys(host, sequence, query));
      if (host.page == 0) kv_starts.push_back(host.kv_starts[sequence]);
      const std::int32_t* const pages =
          host.page_table + std::ptrdiff_t{sequence} * host.pages_per_sequence;
      page_table.insert(page_table.end(), pages, pages + host.pages_per_sequence);
    }
    kv_starts.resize(q_starts.size());  // the end of the last is never looked at
  }

  [[nodiscard]] AttentionProblem problem(const AttentionProblem& host) const {
    AttentionProblem out = host;
    out.batch = out.q_tokens = static_cast<std::int32_t>(tokens.size());
    out.longest_q = 1;
    out.causal = false;
    out.q_starts = q_starts.data();
    out.kv_lengths = kv_lengths.data();
    if (host.page == 0) {
      out.kv_starts = kv_starts.data();
    } else {
      out.page_table = page_table.data();
    }
    return out;
  }
};

double relative_norm(kernels::ElementType type, const std::vector<std::uint16_t>& values,
                     const std::vector<std::uint16_t>& wanted) {
  double off = 0.0;
  double norm = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<double>(kernels::to_float(type, values[i]));
    const auto right = static_cast<double>(kernels::to_float(type, wanted[i]));
    off += (value - right) * (value - right);
    norm += right * right;
  }
  return std::sqrt(off / norm);
}

}  // namespace

profile::Check check_against_plain(const AttentionProblem& host, const AttentionProblem& device,
                                   int rows) {
  const Rows picked(host, rows);
  AttentionProblem again = picked.problem(host);
  const std::size_t row = static_cast<std::size_t>(again.q_heads) *
                          static_cast<std::size_t>(again.head_dim) * kElementBytes;
  const std::size_t all = row * picked.tokens.size();
  std::vector<std::uint16_t> values(all / kElementBytes);
  std::vector<std::uint16_t> wanted(all / kElementBytes);
  auto tables = Tables::of(again);
  auto q = Buffer::of(all);
  auto out = Buffer::of(all);
  if (!tables || !q || !out) return {std::nan(""), rows};
  for (std::size_t i = 0; i < picked.tokens.size(); ++i) {
    const std::size_t at = static_cast<std::size_t>(picked.tokens[i]) * row;
    must(cudaMemcpy(static_cast<std::byte*>(q->get()) + i * row,
                    static_cast<const std::byte*>(device.q) + at, row, cudaMemcpyDeviceToDevice),
         "cudaMemcpy");
    must(cudaMemcpy(values.data() + i * row / kElementBytes,
                    static_cast<const std::byte*>(device.out) + at, row, cudaMemcpyDeviceToHost),
         "cudaMemcpy");
  }
  tables->put_in(again);
  again.q = q->get();
  again.k = device.k;
  again.v = device.v;
  again.out = out->get();
  const kernels::GpuImplementation& plain = kernels::gpu_implementations().front();
  if (plain.launch(again, nullptr, 0, nullptr) != kernels::Status::ok) return {std::nan(""), rows};
  must(cudaDeviceSynchronize(), plain.name);
  must(cudaMemcpy(wanted.data(), out->get(), all, cudaMemcpyDeviceToHost), "cudaMemcpy");
  return {relative_norm(device.type, values, wanted), rows};
}

}  // namespace headroom::bench::cuda
