#pragma once
// CUDA's runtime with owners and errors as this project has them.

#include "sim/core/result.hpp"

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace headroom::bench::cuda {

/// Error: what the runtime says of a code that is not success.
[[nodiscard]] Status status_of(cudaError_t code, const char* call);

/// Ends the program over a code that is not success, for calls that fail only when the GPU itself
/// did: no figure after that would be worth anything.
void must(cudaError_t code, const char* call);

/// Memory of the device.
class Buffer {
 public:
  /// Error: there is not as much left.
  [[nodiscard]] static Result<Buffer> of(std::size_t bytes);
  /// With a copy of these values.
  template <class Value>
  [[nodiscard]] static Result<Buffer> with(std::span<const Value> values) {
    HEADROOM_TRY(Buffer buffer, of(values.size_bytes()));
    HEADROOM_CHECK(status_of(
        cudaMemcpy(buffer.get(), values.data(), values.size_bytes(), cudaMemcpyHostToDevice),
        "cudaMemcpy"));
    return buffer;
  }

  [[nodiscard]] void* get() const { return memory_.get(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(void* memory) const { cudaFree(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  std::size_t bytes_ = 0;
};

struct FreeStream {
  void operator()(cudaStream_t stream) const { cudaStreamDestroy(stream); }
};
using Stream = std::unique_ptr<CUstream_st, FreeStream>;

struct FreeGraph {
  void operator()(cudaGraphExec_t graph) const { cudaGraphExecDestroy(graph); }
};
using Graph = std::unique_ptr<CUgraphExec_st, FreeGraph>;

/// Two events of a stream, and the time between them.
class Stopwatch {
 public:
  Stopwatch();
  ~Stopwatch();
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  void start(cudaStream_t stream);
  void stop(cudaStream_t stream);
  /// Microseconds; waits until both have happened.
  [[nodiscard]] double us() const;

 private:
  cudaEvent_t start_ = nullptr;
  cudaEvent_t stop_ = nullptr;
};

/// Holds a stream back until what is to be timed is queued, so that the host's time to launch it
/// cannot leak in (the method of NVIDIA's nvbench).
class Gate {
 public:
  Gate();
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void close(cudaStream_t stream);
  void open();
  /// Whether the stream went on before it was opened: what was timed then is void.
  [[nodiscard]] bool gave_up() const;

 private:
  std::int32_t* flags_ = nullptr;  // release, gave up; in host memory that the device sees
};

}  // namespace headroom::bench::cuda
