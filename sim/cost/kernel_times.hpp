#pragma once
// How long kernels take on a GPU type, each by the best measurements that there are of it.

#include "sim/cost/gpu_times.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

class KernelTimes {
 public:
  /// One GPU's fits alone.
  KernelTimes(
      const GpuTimes& times);  // NOLINT(google-explicit-constructor): the same for one source

  /// Each kernel by the first of `measured` that has it and is of this GPU type; else by that of
  /// the most similar type that has it, scaled. Nothing is scaled to GPUs of compute capability
  /// below 8.0, on which other kernels run, or whose capability or rates are not known.
  [[nodiscard]] static KernelTimes of(const GpuType& gpu, std::span<const GpuTimes> measured);

  [[nodiscard]] const GpuType& gpu() const { return gpu_; }
  [[nodiscard]] bool has(Kernel kernel) const { return by_kernel_[place(kernel)] != nullptr; }
  /// As GpuTimes::estimate().
  [[nodiscard]] Estimate estimate(const KernelLoad& load, double link_bytes_per_s = 0.0,
                                  std::string_view implementation = "") const;
  /// Of those of `kernels` that it has: "measured: H200, ..."; where sources differ each with its
  /// kernels, "scaled from H100-80GB, ... (decode, matmul); measured: A100-80GB, ... (all_reduce)".
  [[nodiscard]] std::string source(std::span<const Kernel> kernels) const;

 private:
  KernelTimes(const GpuType& gpu, std::vector<GpuTimes> preferred);
  static std::size_t place(Kernel kernel) { return static_cast<std::size_t>(kernel); }

  GpuType gpu_;
  std::shared_ptr<const std::vector<GpuTimes>> preferred_;
  std::array<const GpuTimes*, kKernels.size()> by_kernel_ = {};
};

}  // namespace headroom
