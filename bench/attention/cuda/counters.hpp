#pragma once
// What a GPU's own counters say of a launch, by CUPTI's range profiler, where that is there and the
// machine allows it.

#include "sim/core/result.hpp"
#include "study/profile/profile.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace headroom::bench {

/// CUPTI's profiler, on for as long as this lives: nothing is timed then, and no KernelTimes
/// record. It has never run on a GPU.
class Counters {
 public:
  /// device: as CUDA counts them. Error: there is no CUPTI of this toolkit's major version, it is
  /// older than version 13, or it does not know the GPU or its metrics.
  [[nodiscard]] static Result<std::unique_ptr<Counters>> open(int device);
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  /// Bytes to and from the memory, summed over the kernels of one launch, and how much of the time
  /// tensor cores were busy, averaged over their times. `launch` launches and waits; it is run once
  /// for each pass that the metrics take, in the current context, and should launch the same
  /// kernels each time. Error: the machine does not allow it, or what failed.
  [[nodiscard]] Result<profile::Counters> measure(const std::function<void()>& launch);

 private:
  struct Profiler;
  explicit Counters(std::unique_ptr<Profiler> profiler);

  std::unique_ptr<Profiler> profiler_;
};

/// The metrics that are measured, in CUPTI's names.
[[nodiscard]] std::span<const char* const> counter_metrics();

/// Whether a chip ("GH100") has these metrics; needs no GPU. Error: it has not, CUPTI does not know
/// the chip, or there is no CUPTI of version 13 or newer.
[[nodiscard]] Status check_metrics(const std::string& chip,
                                   std::span<const char* const> metrics = counter_metrics());

}  // namespace headroom::bench
