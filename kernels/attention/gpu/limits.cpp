#include "kernels/attention/gpu/limits.hpp"

#include <cstdint>

namespace headroom::kernels {

bool is_aligned_pointer(const void* pointer) {
  return pointer != nullptr && reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0;
}

Status check_pointers(const AttentionProblem& problem) {
  const bool has_lengths = problem.q_starts != nullptr && problem.kv_lengths != nullptr;
  const bool has_places =
      problem.page == 0 ? problem.kv_starts != nullptr : problem.page_table != nullptr;
  const bool has_keys =
      problem.longest_kv == 0 || (is_aligned_pointer(problem.k) && is_aligned_pointer(problem.v));
  const bool fine = has_lengths && has_places && has_keys && is_aligned_pointer(problem.q) &&
                    is_aligned_pointer(problem.out);
  return fine ? Status::ok : Status::misaligned;
}

}  // namespace headroom::kernels
