#pragma once
// The kernels of this folder, for hosts: no CUDA header is needed to call them.

#include "kernels/attention/problem.hpp"
#include "kernels/device/status.hpp"

#include <cstddef>

namespace headroom::kernels {

// Each puts a problem, whose pointers are to memory of the current device, in a stream (a
// cudaStream_t) and returns before it has run. workspace: of that device, a multiple of 16, and of
// as many bytes as the kernel's workspace_bytes() says; nothing need be in it, and nothing in it
// outlives the launch.

Status launch_plain(const AttentionProblem& problem, void* workspace, std::size_t workspace_bytes,
                    void* stream);
Status launch_decode(const AttentionProblem& problem, void* workspace, std::size_t workspace_bytes,
                     void* stream);
Status launch_prefill(const AttentionProblem& problem, void* workspace, std::size_t workspace_bytes,
                      void* stream);
Status launch_prefill_wgmma(const AttentionProblem& problem, void* workspace,
                            std::size_t workspace_bytes, void* stream);

/// Whether the current device is one that launch_prefill_wgmma has code for, and the shape one that
/// it takes.
bool prefill_wgmma_supports(const AttentionProblem& problem);

}  // namespace headroom::kernels
