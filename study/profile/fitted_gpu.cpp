#include "study/profile/fitted_gpu.hpp"

#include "study/cluster_import/gpu_names.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace headroom::profile {

namespace {

constexpr std::size_t kMostSource = 120;  // characters, where figures say what they come from

}  // namespace

Result<GpuType> gpu_type_of(const Profile& profile) {
  const Device& device = profile.device;
  const std::string name = plain_text(device.name, 80);
  if (device.kind != DeviceKind::cuda) {
    return fail(fmt::format("the profile is of '{}', a CPU: only times of GPUs are fitted", name));
  }
  const auto found = catalogue_type_of(device.name, device.memory_bytes.value_or(0));
  if (found) return *found;
  return fail(fmt::format("'{}' is no GPU type that headroom knows", name), {},
              "`headroom gpus` lists them");
}

Result<GpuTimes> gpu_times_of(const Profile& profile) {
  HEADROOM_TRY(GpuType gpu, gpu_type_of(profile));
  if (profile.fits.empty()) {
    return fail("the profile has no fits", {}, "`headroom profile fit` adds them");
  }
  std::vector<FittedTime> fits = profile.fits;
  std::set<std::string> sources;
  for (FittedTime& fit : fits) {
    fit.fitted_to = plain_text(fit.fitted_to, kMostSource);
    sources.insert(fit.fitted_to);
  }
  return GpuTimes(gpu, plain_text(fmt::format("{}", fmt::join(sources, "; ")), kMostSource),
                  std::move(fits));
}

}  // namespace headroom::profile
