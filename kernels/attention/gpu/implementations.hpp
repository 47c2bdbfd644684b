#pragma once
// The attention kernels there are for GPUs, by name. No CUDA header is needed.

#include "kernels/attention/problem.hpp"
#include "kernels/device/status.hpp"

#include <array>
#include <cstddef>

namespace headroom::kernels {

/// Those a kernel is meant for, of what it supports: one for prefill takes decode too, a row of a
/// tile at a time.
enum class MeantFor { comparison, decode, prefill };

struct GpuImplementation {
  const char* name;
  const char* about;
  bool verified;  // run on a GPU and found correct
  MeantFor meant_for;
  const char* needs;  // of a GPU
  /// Of the current device.
  bool (*supports)(const AttentionProblem& problem);
  /// Bytes of device memory that a launch needs beside the problem's.
  std::size_t (*workspace_bytes)(const AttentionProblem& problem, int multiprocessors);
  /// See launches.hpp.
  Status (*launch)(const AttentionProblem& problem, void* workspace, std::size_t workspace_bytes,
                   void* stream);
};

const std::array<GpuImplementation, 4>& gpu_implementations();

}  // namespace headroom::kernels
