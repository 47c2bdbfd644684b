#pragma once
// From the shape of a problem to the kernel compiled for it.

#include "kernels/attention/gpu/limits.hpp"
#include "kernels/attention/problem.hpp"
#include "kernels/device/status.hpp"

namespace headroom::kernels {

template <ElementType kTypeOfKernel, int kHeadDimOfKernel>
struct KernelShape {
  static constexpr ElementType kType = kTypeOfKernel;
  static constexpr int kHeadDim = kHeadDimOfKernel;
};

template <ElementType kType, class Launch>
Status dispatch_head_dim(const AttentionProblem& problem, Launch launch) {
  switch (problem.head_dim) {
    case 64:
      return launch(KernelShape<kType, 64>{});
    case 128:
      return launch(KernelShape<kType, 128>{});
    case 256:
      return launch(KernelShape<kType, 256>{});
    default:
      return Status::unsupported;
  }
}

/// launch(KernelShape<type, head_dim>{}), after the checks that all kernels share.
template <class Launch>
Status dispatch(const AttentionProblem& problem, bool is_supported, Launch launch) {
  if (!is_supported) return Status::unsupported;
  const Status pointers = check_pointers(problem);
  if (pointers != Status::ok || problem.q_tokens == 0) return pointers;
  return problem.type == ElementType::bf16 ? dispatch_head_dim<ElementType::bf16>(problem, launch)
                                           : dispatch_head_dim<ElementType::fp16>(problem, launch);
}

}  // namespace headroom::kernels
