#pragma once
// The GPU type of a profile, and its fits as the simulator uses them.

#include "sim/cost/gpu_times.hpp"
#include "study/profile/profile.hpp"

namespace headroom::profile {

/// By the device's name and memory. Error: a CPU, or a name that is no product of the catalogue.
[[nodiscard]] Result<GpuType> gpu_type_of(const Profile& profile);

/// Error: as gpu_type_of, or a profile without fits.
[[nodiscard]] Result<GpuTimes> gpu_times_of(const Profile& profile);

}  // namespace headroom::profile
