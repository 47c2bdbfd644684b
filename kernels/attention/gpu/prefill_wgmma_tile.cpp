#include "kernels/attention/gpu/prefill_wgmma_tile.hpp"

#include "kernels/attention/gpu/prefill_tile.hpp"

namespace headroom::kernels {

bool prefill_wgmma_supports_shape(const AttentionProblem& problem) {
  return prefill_supports(problem);
}

LaunchShape prefill_wgmma_shape(const AttentionProblem& problem) {
  const PrefillWgmmaTile tile = prefill_wgmma_tile(problem.head_dim);
  LaunchShape shape;
  shape.grid_x = static_cast<std::int64_t>(ceil_div(problem.longest_q, tile.rows())) *
                 (problem.q_heads / problem.kv_heads);
  shape.grid_y = problem.kv_heads;
  shape.grid_z = problem.batch;
  shape.threads = tile.threads();
  shape.shared_bytes = static_cast<std::size_t>(prefill_wgmma_shared(problem.head_dim).total);
  return shape;
}

}  // namespace headroom::kernels
