#pragma once
// All fits of a GPU from its profiles.

#include "study/profile_fit/fit_kernel.hpp"

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace headroom::profile_fit {

struct ProfileFits {
  /// By kernel, types, head size and links; of one key, the fastest implementation first.
  std::vector<FittedTime> fits;
  /// What has no fit, and why: "decode, bf16, split: 3 points; at least 20 are needed".
  std::vector<std::string> left_out;
};

/// The type of the catalogue that profiles are of. Error: a CPU, a name that is not in it, or
/// profiles of several.
[[nodiscard]] Result<GpuType> gpu_of(std::span<const profile::Profile> profiles);

/// Several at a time; `done` is called after each, from any thread. The result does not depend on
/// that.
[[nodiscard]] ProfileFits fit_sets(std::span<const SampleSet> sets, const GpuType& gpu,
                                   const std::function<void()>& done);

}  // namespace headroom::profile_fit
