#include "kernels/attention/gpu/decode.cuh"
#include "kernels/attention/gpu/dispatch.hpp"
#include "kernels/attention/gpu/launches.hpp"

namespace headroom::kernels {

Status launch_decode(const AttentionProblem& problem, void* workspace, std::size_t workspace_bytes,
                     void* stream) {
  return dispatch(problem, decode_supports(problem), [&](auto shape) {
    using Shape = decltype(shape);
    return launch_decode<Shape::kType, Shape::kHeadDim>(problem, workspace, workspace_bytes,
                                                        stream);
  });
}

}  // namespace headroom::kernels
