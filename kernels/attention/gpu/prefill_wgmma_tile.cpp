#include "kernels/attention/gpu/prefill_wgmma_tile.hpp"

#include "kernels/attention/gpu/prefill_tile.hpp"

#include <cstddef>

namespace headroom::kernels {

LaunchShape prefill_wgmma_shape(const AttentionProblem& problem) {
  const PrefillWgmmaTile tile = prefill_wgmma_tile(problem.head_dim);
  LaunchShape shape = prefill_blocks(problem, tile.rows());
  shape.threads = tile.threads();
  shape.shared_bytes = static_cast<std::size_t>(prefill_wgmma_shared(problem.head_dim).total);
  return shape;
}

}  // namespace headroom::kernels
