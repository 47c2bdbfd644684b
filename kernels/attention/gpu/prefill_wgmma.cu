#include "kernels/attention/gpu/dispatch.hpp"
#include "kernels/attention/gpu/launches.hpp"
#include "kernels/attention/gpu/prefill_wgmma.cuh"

namespace headroom::kernels {

bool prefill_wgmma_supports(const AttentionProblem& problem) {
  return prefill_wgmma_supports_shape(problem) && simt::compute_capability() == 90;
}

Status launch_prefill_wgmma(const AttentionProblem& problem, void* workspace,
                            std::size_t workspace_bytes, void* stream) {
  if (simt::compute_capability() != 90) return Status::no_device;
  return dispatch(problem, prefill_wgmma_supports_shape(problem), [&](auto shape) {
    using Shape = decltype(shape);
    return launch_prefill_wgmma<Shape::kType, Shape::kHeadDim>(problem, workspace, workspace_bytes,
                                                               stream);
  });
}

}  // namespace headroom::kernels
