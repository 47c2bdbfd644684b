#include "bench/attention/cuda/runtime.hpp"

#include "kernels/device/ceilings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace headroom::bench::cuda {
namespace {

constexpr std::int64_t kGateTimeoutNs = 200'000'000;

volatile std::int32_t& visible(std::int32_t& flag) { return flag; }

}  // namespace

Status status_of(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return {};
  return fail(fmt::format("{}: {}", call, cudaGetErrorString(code)));
}

void must(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return;
  fmt::print(stderr, "headroom-attention-bench: {}: {}\n", call, cudaGetErrorString(code));
  std::_Exit(3);
}

Result<Buffer> Buffer::of(std::size_t bytes) {
  Buffer out;
  void* memory = nullptr;
  HEADROOM_CHECK(status_of(cudaMalloc(&memory, std::max<std::size_t>(bytes, 16)), "cudaMalloc"));
  out.memory_.reset(memory);
  out.bytes_ = bytes;
  return out;
}

Stopwatch::Stopwatch() {
  must(cudaEventCreate(&start_), "cudaEventCreate");
  must(cudaEventCreate(&stop_), "cudaEventCreate");
}

Stopwatch::~Stopwatch() {
  cudaEventDestroy(start_);
  cudaEventDestroy(stop_);
}

void Stopwatch::start(cudaStream_t stream) {
  must(cudaEventRecord(start_, stream), "cudaEventRecord");
}
void Stopwatch::stop(cudaStream_t stream) {
  must(cudaEventRecord(stop_, stream), "cudaEventRecord");
}

double Stopwatch::us() const {
  must(cudaEventSynchronize(stop_), "cudaEventSynchronize");
  float ms = 0.0F;
  must(cudaEventElapsedTime(&ms, start_, stop_), "cudaEventElapsedTime");
  return static_cast<double>(ms) * 1e3;
}

Gate::Gate() {
  void* memory = nullptr;
  must(cudaHostAlloc(&memory, 2 * sizeof(std::int32_t), cudaHostAllocMapped), "cudaHostAlloc");
  flags_ = static_cast<std::int32_t*>(memory);
}

Gate::~Gate() { cudaFreeHost(flags_); }

void Gate::close(cudaStream_t stream) {
  visible(flags_[0]) = 0;
  visible(flags_[1]) = 0;
  void* seen = nullptr;
  must(cudaHostGetDevicePointer(&seen, flags_, 0), "cudaHostGetDevicePointer");
  auto* const flags = static_cast<std::int32_t*>(seen);
  if (kernels::launch_hold(flags, flags + 1, kGateTimeoutNs, stream) != kernels::Status::ok) {
    must(cudaGetLastError(), "launch_hold");
  }
}

void Gate::open() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  visible(flags_[0]) = 1;
}

bool Gate::gave_up() const { return visible(flags_[1]) != 0; }

}  // namespace headroom::bench::cuda
