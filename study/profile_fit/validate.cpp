#include "study/profile_fit/validate.hpp"

#include "sim/cost/gpu_times.hpp"
#include "study/profile/fitted_gpu.hpp"
#include "study/profile_fit/folds.hpp"

#include <algorithm>
#include <set>

namespace headroom::profile_fit {
namespace {

// Set for 16-bit kernels on the published tables of an H200, which have the most shapes. Nothing is
// known of how well other tables can be predicted.
constexpr const char* kBoundGpu = "H200";

std::optional<Bound> bound_of(const FitKey& key, const GpuType& gpu) {
  const bool wide = type_bytes(key.type) == 2 && type_bytes(key.kv_type) == 2;
  if (gpu.name != kBoundGpu || !wide) return std::nullopt;
  const bool usual = key.head_dim == 64 || key.head_dim == 128 || key.head_dim == 256;
  switch (key.kernel) {
    case Kernel::decode:
      return usual ? std::optional(Bound{2.0, 8.0}) : std::nullopt;
    case Kernel::prefill:
      if (!usual) return std::nullopt;
      return key.head_dim == 128 ? Bound{4.0, 15.0} : Bound{6.0, 25.0};
    case Kernel::matmul:
      return Bound{5.0, 15.0};
    case Kernel::all_reduce:
      return Bound{8.0, 25.0};
    default:
      return std::nullopt;
  }
}

KernelRow row_of(const FittedTime& fit, const GpuType& gpu) {
  return {fit.key, fit.implementation, fit.grid.size(), fit.errors, bound_of(fit.key, gpu)};
}

/// Nothing where there is no fit of this key and implementation.
std::optional<MovedRow> moved_row(const SampleSet& set, const std::vector<FittedTime>& fits,
                                  const GpuType& from, const GpuType& to) {
  const auto fit = std::find_if(fits.begin(), fits.end(), [&](const FittedTime& one) {
    return one.key == set.key && one.implementation == set.implementation;
  });
  if (fit == fits.end()) return std::nullopt;
  const GpuTimes times = GpuTimes(from, fit->fitted_to, {*fit}).moved_to(to);
  std::vector<double> ratios;
  std::size_t within = 0;
  for (const Sample& sample : set.samples) {
    const Estimate estimate = times.estimate(sample.load);
    ratios.push_back(sample.us / estimate.us);
    if (estimate.low_us <= sample.us && sample.us <= estimate.high_us) ++within;
  }
  Folds none;
  none.shapes = folds_by_shape(set.samples).shapes;
  return MovedRow{set.key, set.implementation, errors_of(ratios, none),
                  100.0 * static_cast<double>(within) / static_cast<double>(ratios.size())};
}

}  // namespace

bool KernelRow::ok() const {
  return !bound || (errors.median_percent <= bound->median_percent &&
                    errors.p90_percent <= bound->p90_percent);
}

bool Validation::ok() const {
  return std::all_of(kernels.begin(), kernels.end(),
                     [](const KernelRow& row) { return row.ok(); }) &&
         (!served || served->ok());
}

Result<Validation> validate(const profile::Profile& profile, const profile::Profile* against,
                            const std::function<void()>& done) {
  HEADROOM_TRY(const GpuType gpu, profile::gpu_type_of(profile));
  const std::vector<SampleSet> sets = samples_of(profile);
  Validation out;
  out.gpu = gpu.name;
  out.from_points = !sets.empty();
  std::vector<FittedTime> fits = profile.fits;
  if (out.from_points) {
    ProfileFits fitted = fit_sets(sets, gpu, done);
    fits = std::move(fitted.fits);
    out.left_out = std::move(fitted.left_out);
  }
  if (fits.empty() && out.left_out.empty()) return fail("the profile has neither points nor fits");
  std::set<std::string> sources;
  for (const FittedTime& fit : fits) {
    out.kernels.push_back(row_of(fit, gpu));
    sources.insert(fit.fitted_to);
  }
  for (const std::string& source : sources) out.source += (out.source.empty() ? "" : "; ") + source;
  if (!profile.served.empty()) {
    out.served = validate_served(profile.served, GpuTimes(gpu, out.source, fits));
    out.served->bounded = gpu.name == kBoundGpu;
  }
  if (against == nullptr) return out;
  HEADROOM_TRY(const GpuType other, profile::gpu_type_of(*against));
  out.against = other.name;
  for (const SampleSet& set : samples_of(*against)) {
    if (auto row = moved_row(set, fits, gpu, other)) out.moved.push_back(std::move(*row));
  }
  return out;
}

}  // namespace headroom::profile_fit
