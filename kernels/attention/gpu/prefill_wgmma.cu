#include "kernels/attention/gpu/dispatch.hpp"
#include "kernels/attention/gpu/launches.hpp"
#include "kernels/attention/gpu/prefill_tile.hpp"
#include "kernels/attention/gpu/prefill_wgmma.cuh"

namespace headroom::kernels {
namespace {

// One kernel's code is there where all are.
bool has_code() {
  return simt::compute_capability() == 90 &&
         simt::most_threads(prefill_wgmma_kernel<ElementType::bf16, 64>) >=
             prefill_wgmma_tile(64).threads();
}

}  // namespace

bool prefill_wgmma_supports(const AttentionProblem& problem) {
  return prefill_supports(problem) && has_code();
}

Status launch_prefill_wgmma(const AttentionProblem& problem, void* workspace,
                            std::size_t workspace_bytes, void* stream) {
  return dispatch(problem, prefill_supports(problem), [&](auto shape) {
    using Shape = decltype(shape);
    return launch_prefill_wgmma<Shape::kType, Shape::kHeadDim>(problem, workspace, workspace_bytes,
                                                               stream);
  });
}

}  // namespace headroom::kernels
