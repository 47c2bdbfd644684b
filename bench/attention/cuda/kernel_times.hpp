#pragma once
// How long each kernel ran by the GPU's own clock, by CUPTI's activity records, where that is
// there.

#include "sim/core/result.hpp"
#include "study/profile/profile.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace headroom::bench {

class KernelTimes {
 public:
  /// Error: there is no CUPTI of this toolkit's major version, or it does not start here.
  [[nodiscard]] static Result<std::unique_ptr<KernelTimes>> open();
  ~KernelTimes();
  KernelTimes(const KernelTimes&) = delete;
  KernelTimes& operator=(const KernelTimes&) = delete;

  /// The kernels that run while `launch` runs, in the order of their first start; of those of one
  /// name the median time. `launch` waits for what it started.
  [[nodiscard]] std::vector<profile::Kernel> record(const std::function<void()>& launch);
  /// CUPTI's version, as "13.0.1".
  [[nodiscard]] std::string version() const;

 private:
  struct Functions;
  explicit KernelTimes(std::unique_ptr<Functions> functions);

  std::unique_ptr<Functions> functions_;
};

}  // namespace headroom::bench
