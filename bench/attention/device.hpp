#pragma once
// A device that attention is measured on: what the sampler needs of a CPU or a GPU.

#include "bench/attention/point.hpp"
#include "sim/core/result.hpp"
#include "study/profile/profile.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headroom::bench {

/// One way to compute attention on a device.
struct Implementation {
  std::string name;
  std::string about;
  bool verified = false;    // run and found correct on a device of this kind
  bool by_default = false;  // measured where none is named
  /// Those it is meant for: prefill kernels take decode too, a row of a tile at a time.
  std::vector<Op> ops{Op::prefill, Op::chunked_prefill, Op::decode};
};

/// A point with its inputs on the device, ready to be launched.
class LoadedPoint {
 public:
  LoadedPoint() = default;
  LoadedPoint(const LoadedPoint&) = delete;
  LoadedPoint& operator=(const LoadedPoint&) = delete;
  virtual ~LoadedPoint() = default;

  /// Microseconds of one launch whose inputs are in no cache.
  [[nodiscard]] virtual double time_cold() = 0;
  /// Microseconds of each of hot_launches() launches, one right after the other.
  [[nodiscard]] virtual double time_hot() = 0;
  [[nodiscard]] virtual int hot_launches() const = 0;
  /// Computes once more, on poisoned outputs, and compares as many random rows with the reference.
  [[nodiscard]] virtual profile::Check check(int rows) = 0;
  /// The clock of a multiprocessor while the hot launches ran, where it was read.
  [[nodiscard]] virtual std::optional<double> clock_mhz() const { return std::nullopt; }
  /// Of each kernel of a launch by the device's own clock, where that can be had.
  [[nodiscard]] virtual std::optional<std::vector<profile::Kernel>> kernels() {
    return std::nullopt;
  }
  /// What the device's own counters say of one launch whose inputs are in no cache, or why they say
  /// nothing; of a device that has none, nothing.
  [[nodiscard]] virtual std::optional<profile::Counters> counters() { return std::nullopt; }
};

class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  [[nodiscard]] virtual const profile::Device& facts() const = 0;
  [[nodiscard]] virtual profile::Libraries libraries() const { return {}; }
  /// Clock, power and temperature now, where they can be had.
  [[nodiscard]] virtual std::optional<profile::State> state() const { return std::nullopt; }
  [[nodiscard]] virtual std::vector<Implementation> implementations() const = 0;
  /// Error: no memory for it.
  [[nodiscard]] virtual Result<profile::Ceilings> measure_ceilings() = 0;
  /// How many GPUs there are to reduce between: 0 for a device that is none.
  [[nodiscard]] virtual int gpus() const { return 0; }
  /// Times all-reduce between the first so many GPUs, in less than 20 s. Error: why it was not.
  [[nodiscard]] virtual Result<std::vector<profile::Collective>> measure_all_reduce(int /*gpus*/) {
    return fail("not measured on this device");
  }
  /// Error: the implementation does not take this point, or it needs more memory than there is.
  [[nodiscard]] virtual Result<std::unique_ptr<LoadedPoint>> load(
      const Point& point, const std::string& implementation) = 0;
};

/// threads: 0 for all of this machine.
[[nodiscard]] std::unique_ptr<Device> open_cpu(int threads);

/// The first GPU. Error: there is none, no driver, or this program was built without CUDA.
[[nodiscard]] Result<std::unique_ptr<Device>> open_cuda();

}  // namespace headroom::bench
