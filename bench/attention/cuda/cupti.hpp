#pragma once
// CUPTI, opened where it is there: what counters and times of kernels share.

#include "bench/attention/library.hpp"

#include <cuda.h>
#include <fmt/format.h>

namespace headroom::bench {

/// The CUPTI of this toolkit's major version, whose records this program knows. Error: it is not
/// there.
[[nodiscard]] inline Result<Library> open_cupti() {
  return Library::open(toolkit_places(fmt::format("libcupti.so.{}", CUDA_VERSION / 1000)));
}

}  // namespace headroom::bench
