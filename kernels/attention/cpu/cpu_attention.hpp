#pragma once
// Attention on the CPU: for trying the harness, and as a second implementation to test with.

#include "kernels/attention/problem.hpp"
#include "kernels/cpu/threads.hpp"

#include <memory>

namespace headroom::kernels {

enum class CpuFeatures { scalar, avx2 };

/// The best that this processor has.
[[nodiscard]] CpuFeatures cpu_features();

/// Blocked over keys with an online softmax in 32 bits; threads share out tiles of 16 query rows.
class CpuAttention {
 public:
  CpuAttention(CpuThreads& threads, CpuFeatures features);
  ~CpuAttention();

  /// The problem is in host memory; its head_dim is a multiple of 16, up to 256.
  void run(const AttentionProblem& problem);

 private:
  struct Worker;
  void take_tiles(const AttentionProblem& problem, Worker& worker);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace headroom::kernels
