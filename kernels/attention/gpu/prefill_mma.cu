#include "kernels/attention/gpu/dispatch.hpp"
#include "kernels/attention/gpu/launches.hpp"
#include "kernels/attention/gpu/prefill_mma.cuh"

namespace headroom::kernels {

Status launch_prefill(const AttentionProblem& problem, void* workspace, std::size_t workspace_bytes,
                      void* stream) {
  return dispatch(problem, prefill_supports(problem), [&](auto shape) {
    using Shape = decltype(shape);
    return launch_prefill<Shape::kType, Shape::kHeadDim>(problem, workspace, workspace_bytes,
                                                         stream);
  });
}

}  // namespace headroom::kernels
