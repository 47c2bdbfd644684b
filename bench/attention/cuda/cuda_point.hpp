#pragma once

#include "bench/attention/cuda/kernel_times.hpp"
#include "bench/attention/cuda/runtime.hpp"
#include "bench/attention/device.hpp"
#include "kernels/attention/gpu/implementations.hpp"

#include <cstddef>
#include <memory>

namespace headroom::bench::cuda {

struct Surroundings {
  int multiprocessors = 0;
  std::size_t cache_bytes = 0;          // of the L2
  KernelTimes* kernel_times = nullptr;  // where there is CUPTI
};

/// A point whose inputs are in the arena, which outlives it. Error: the implementation does not
/// take it, or there is not enough memory.
[[nodiscard]] Result<std::unique_ptr<LoadedPoint>> load_point(
    const Point& point, const kernels::GpuImplementation& implementation, const Buffer& arena,
    const Surroundings& around);

}  // namespace headroom::bench::cuda
