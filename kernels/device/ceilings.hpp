#pragma once
// Kernels that reach what a GPU can do at most, to compare others with, and small helpers of
// measuring. For hosts: no CUDA header is needed. All run in a stream (a cudaStream_t) of the
// current device and return before they have run; memory is the device's, unless said otherwise,
// and a multiple of 16.

#include "kernels/attention/problem.hpp"
#include "kernels/device/status.hpp"

#include <cstddef>
#include <cstdint>

namespace headroom::kernels {

/// Reads `bytes`, a multiple of 16; sink: 4 bytes, hardly ever written.
Status launch_read(const void* from, std::size_t bytes, std::uint32_t* sink, void* stream);

/// Reads and writes `bytes`, a multiple of 16.
Status launch_copy(const void* from, void* to, std::size_t bytes, void* stream);

/// What a loop does in all, so that operations per second follow from its time.
struct LoopWork {
  double operations = 0.0;
  Status status = Status::ok;
};

/// Multiplications of 16-bit matrices by mma.sync with 32-bit sums, from registers alone: 2
/// operations for each multiply-add. sink: as for launch_read. The ceiling of mma.sync, not of the
/// GPU: on compute capability 9.0 it is some 60 to 65 % of what wgmma reaches.
LoopWork launch_matmul_loop(ElementType type, int iterations, float* sink, void* stream);

/// Powers of two, 1 operation each.
LoopWork launch_exp2_loop(int iterations, float* sink, void* stream);

/// Does nothing.
Status launch_empty(void* stream);

/// Independent numbers of mean 0 and variance 1, by Philox 4x32-10 (Salmon et al., 2011) and
/// Box-Muller: the same for the same seed, whatever the GPU. elements: a multiple of 8.
Status launch_fill_normal(ElementType type, void* to, std::size_t elements, std::uint64_t seed,
                          void* stream);

/// One multiprocessor's clock and the device's time, in ns: the difference of two probes is the
/// clock rate between them.
struct ClockProbe {
  std::int64_t cycles;
  std::int64_t nanoseconds;
  std::int64_t multiprocessor;  // cycles of different ones are not comparable
};
Status launch_clock_probe(ClockProbe* to, void* stream);

/// Holds the stream until *release is not 0, so that what is queued behind runs without gaps: the
/// method of nvbench. Gives up after `timeout_ns`, and then sets *gave_up to 1: a measurement that
/// followed is void. Both are in host memory that the device sees (cudaHostAlloc, mapped).
Status launch_hold(const volatile std::int32_t* release, volatile std::int32_t* gave_up,
                   std::int64_t timeout_ns, void* stream);

}  // namespace headroom::kernels
