#pragma once
// The fits of one GPU type: how long any kernel takes on it, and where that figure comes from.

#include "sim/cost/fitted_time.hpp"
#include "sim/hardware/gpu_type.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// The rates of the data sheet for kernels of this type. `link_bytes_per_s`: of the link that a
/// collective takes; 0: the GPU's own.
[[nodiscard]] Rates rates_of(const GpuType& gpu, ElementType type, double link_bytes_per_s = 0.0);

/// Whether kernels take equally long on two types, whatever they are called and however much memory
/// they have.
[[nodiscard]] bool same_rates(const GpuType& a, const GpuType& b);

class GpuTimes {
 public:
  /// `gpu`: the type that `fits` were measured on. `tables` names what they were fitted to: "vLLM
  /// 0.24 tables". Of fits of one key the first that has measured the sizes in question applies.
  GpuTimes(const GpuType& gpu, std::string tables, std::vector<FittedTime> fits);

  /// The same fits at another type's rates: what is not memory traffic, arithmetic or links keeps
  /// its time. All estimates are extrapolations then, whose intervals hold the times at the old
  /// rates too: what limits a kernel is known only roughly.
  [[nodiscard]] GpuTimes moved_to(const GpuType& gpu) const;

  /// "measured: H200, vLLM 0.24 tables"; "scaled from H200, vLLM 0.24 tables" of a moved one.
  [[nodiscard]] std::string source() const;
  /// As above, of the tables that the fits of one kernel were fitted to.
  [[nodiscard]] std::string source(Kernel kernel) const;
  [[nodiscard]] const GpuType& gpu() const { return gpu_; }
  [[nodiscard]] const std::vector<FittedTime>& fits() const { return *fits_; }

  /// Whether some fit is of this kernel.
  [[nodiscard]] bool has(Kernel kernel) const;
  /// By a fit of the load's key (fp16 as bf16); else by the nearest of the same kernel, as an
  /// extrapolation, as is a collective over a link of another rate. The kernel must be one that it
  /// has(). `link_bytes_per_s`: as rates_of().
  /// `implementation`: the one to prefer, by how its name begins.
  [[nodiscard]] Estimate estimate(const KernelLoad& load, double link_bytes_per_s = 0.0,
                                  std::string_view implementation = "") const;

 private:
  [[nodiscard]] std::string source_of(const std::string& tables) const;
  [[nodiscard]] const FittedTime& nearest(const FitKey& asked) const;
  [[nodiscard]] bool moved() const { return !same_rates(gpu_, measured_on_); }

  GpuType gpu_;
  GpuType measured_on_;
  std::string tables_;
  std::shared_ptr<const std::vector<FittedTime>> fits_;
};

}  // namespace headroom
