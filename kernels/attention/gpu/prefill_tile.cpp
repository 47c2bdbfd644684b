#include "kernels/attention/gpu/prefill_tile.hpp"

#include "kernels/attention/gpu/limits.hpp"

namespace headroom::kernels {

bool prefill_supports(const AttentionProblem& problem) {
  return is_supported_shape(problem) && problem.batch <= 65535 && problem.kv_heads <= 65535 &&
         // Key numbers of the last tile, and those a causal row sees, stay below 2^31.
         problem.longest_kv < 1 << 30 && problem.longest_q < 1 << 30;
}

LaunchShape prefill_blocks(const AttentionProblem& problem, int rows) {
  LaunchShape shape;
  shape.grid_x = static_cast<std::int64_t>(ceil_div(problem.longest_q, rows)) *
                 (problem.q_heads / problem.kv_heads);
  shape.grid_y = problem.kv_heads;
  shape.grid_z = problem.batch;
  return shape;
}

LaunchShape prefill_shape(const AttentionProblem& problem) {
  const PrefillTile tile = prefill_tile(problem.head_dim);
  LaunchShape shape = prefill_blocks(problem, tile.rows());
  shape.threads = tile.threads();
  shape.shared_bytes = static_cast<std::size_t>(prefill_shared(problem.head_dim).total);
  return shape;
}

}  // namespace headroom::kernels
