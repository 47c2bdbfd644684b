#pragma once
// A test's problem in a GPU's memory.

#include "kernels/attention/problem.hpp"
#include "tests/kernels/attention_case.hpp"

#include <cstddef>
#include <vector>

namespace headroom::test {

/// Whether there is a GPU; says that the test is skipped where there is none.
bool has_gpu();

/// Memory of the current device, freed with the object. A failure fails the test.
class DeviceMemory {
 public:
  explicit DeviceMemory(std::size_t bytes);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  [[nodiscard]] void* get() const { return memory_; }
  void fill(const void* from, std::size_t bytes);
  void read(void* to, std::size_t bytes) const;

 private:
  void* memory_ = nullptr;
};

/// A copy of a vector.
template <class T>
class DeviceVector : public DeviceMemory {
 public:
  explicit DeviceVector(const std::vector<T>& values) : DeviceMemory(values.size() * sizeof(T)) {
    fill(values.data(), values.size() * sizeof(T));
  }
};

/// A case's problem in device memory, its output not numbers yet.
class DeviceCase {
 public:
  explicit DeviceCase(const AttentionCase& data);
  kernels::AttentionProblem problem;
  /// The outputs, to the case.
  void read_out(AttentionCase& data) const;

 private:
  DeviceVector<std::uint16_t> q_, k_, v_, out_;
  DeviceVector<std::int32_t> q_starts_, kv_starts_, kv_lengths_, page_table_;
};

/// Of the current device.
int gpu_multiprocessors();
/// Until all that was launched has run; "" or what went wrong.
const char* wait_for_gpu();

}  // namespace headroom::test
