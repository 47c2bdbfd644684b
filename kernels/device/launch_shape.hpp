#pragma once
// The size of a launch, and the two words that functions need which GPUs and hosts both run.

#include <cstddef>
#include <cstdint>

#if defined(__CUDACC__)
#define HEADROOM_HOST_DEVICE __host__ __device__
#else
#define HEADROOM_HOST_DEVICE
#endif

namespace headroom::kernels {

struct LaunchShape {
  std::int64_t grid_x = 1;
  std::int64_t grid_y = 1;
  std::int64_t grid_z = 1;
  int threads = 128;  // of a block; a multiple of 32
  std::size_t shared_bytes = 0;
  /// May start before the kernel before it in the stream has ended; it waits for it by
  /// simt::wait_for_prior_grid(). Where the GPU cannot, it starts after.
  bool overlaps_prior = false;
};

/// What every GPU since compute capability 3.0 takes.
constexpr bool within_grid_limits(const LaunchShape& shape) {
  constexpr std::int64_t kMostX = 0x7FFFFFFF;
  constexpr std::int64_t kMostYz = 65535;
  return shape.grid_x >= 1 && shape.grid_x <= kMostX && shape.grid_y >= 1 &&
         shape.grid_y <= kMostYz && shape.grid_z >= 1 && shape.grid_z <= kMostYz &&
         shape.threads >= 32 && shape.threads <= 1024 && shape.threads % 32 == 0;
}

template <class Integer>
HEADROOM_HOST_DEVICE constexpr Integer ceil_div(Integer value, Integer by) {
  return (value + by - 1) / by;
}

}  // namespace headroom::kernels
