#include "tests/kernels/gpu/device_memory.hpp"

#include "tests/catch.hpp"

#include <cuda_runtime_api.h>

namespace headroom::test {
namespace {

void require_success(cudaError_t error) {
  if (error != cudaSuccess) FAIL(cudaGetErrorString(error));
}

}  // namespace

bool has_gpu() {
  int count = 0;
  // Without a driver this is an error, not a count of 0.
  if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) return true;
  WARN("no GPU is there: skipped");
  return false;
}

DeviceMemory::DeviceMemory(std::size_t bytes) {
  if (bytes > 0) require_success(cudaMalloc(&memory_, bytes));
}
DeviceMemory::~DeviceMemory() { cudaFree(memory_); }

void DeviceMemory::fill(const void* from, std::size_t bytes) {
  if (bytes > 0) require_success(cudaMemcpy(memory_, from, bytes, cudaMemcpyHostToDevice));
}
void DeviceMemory::read(void* to, std::size_t bytes) const {
  if (bytes > 0) require_success(cudaMemcpy(to, memory_, bytes, cudaMemcpyDeviceToHost));
}

DeviceCase::DeviceCase(const AttentionCase& data)
    : problem(data.problem),
      q_(data.q),
      k_(data.k),
      v_(data.v),
      out_(data.out),
      q_starts_(data.q_starts),
      kv_starts_(data.kv_starts),
      kv_lengths_(data.kv_lengths),
      page_table_(data.page_table) {
  problem.q = q_.get();
  problem.k = k_.get();
  problem.v = v_.get();
  problem.out = out_.get();
  problem.q_starts = static_cast<const std::int32_t*>(q_starts_.get());
  problem.kv_starts = static_cast<const std::int32_t*>(kv_starts_.get());
  problem.kv_lengths = static_cast<const std::int32_t*>(kv_lengths_.get());
  problem.page_table = static_cast<const std::int32_t*>(page_table_.get());
}

void DeviceCase::read_out(AttentionCase& data) const {
  out_.read(data.out.data(), data.out.size() * sizeof(std::uint16_t));
}

int gpu_multiprocessors() {
  int device = 0;
  int count = 0;
  require_success(cudaGetDevice(&device));
  require_success(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device));
  return count;
}

const char* wait_for_gpu() {
  const cudaError_t error = cudaDeviceSynchronize();
  return error == cudaSuccess ? "" : cudaGetErrorString(error);
}

}  // namespace headroom::test
