#include "study/profile_fit/fit_profile.hpp"

#include "sim/core/assert.hpp"
#include "sim/cost/gpu_times.hpp"
#include "study/parallel.hpp"
#include "study/profile/fit_words.hpp"
#include "study/profile/fitted_gpu.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace headroom::profile_fit {
namespace {

/// The mean logarithm of a fit's times over samples of all implementations.
double mean_log(const FittedTime& fit, const std::vector<const Sample*>& samples,
                const Rates& rates) {
  double sum = 0.0;
  for (const Sample* sample : samples) sum += std::log(fit.estimate(sample->load, rates).us);
  return sum / static_cast<double>(samples.size());
}

/// Of one key: what engines would choose comes first. Ties stay in order of their names.
void fastest_first(std::span<FittedTime> fits, std::span<const SampleSet> sets,
                   const GpuType& gpu) {
  std::vector<const Sample*> samples;
  for (const SampleSet& set : sets) {
    if (set.key != fits.front().key) continue;
    for (const Sample& sample : set.samples) samples.push_back(&sample);
  }
  const Rates rates = rates_of(gpu, fits.front().key.type);
  std::vector<std::pair<double, FittedTime*>> order;
  order.reserve(fits.size());
  for (FittedTime& fit : fits) order.emplace_back(mean_log(fit, samples, rates), &fit);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<FittedTime> sorted;
  sorted.reserve(order.size());
  for (const auto& [time, fit] : order) sorted.push_back(std::move(*fit));
  std::move(sorted.begin(), sorted.end(), fits.begin());
}

}  // namespace

Result<GpuType> gpu_of(std::span<const profile::Profile> profiles) {
  HEADROOM_ASSERT(!profiles.empty(), "no profile");
  std::optional<GpuType> out;
  for (const profile::Profile& profile : profiles) {
    HEADROOM_TRY(GpuType gpu, profile::gpu_type_of(profile));
    if (out && *out != gpu) {
      return fail(
          fmt::format("profiles of {} and of {}: fits are of one GPU type", out->name, gpu.name));
    }
    out = std::move(gpu);
  }
  return *out;
}

ProfileFits fit_sets(std::span<const SampleSet> sets, const GpuType& gpu,
                     const std::function<void()>& done) {
  std::vector<std::optional<Result<FittedTime>>> found(sets.size());
  in_parallel(sets.size(), 0, [&](std::size_t i) {
    found[i] = fit_kernel(sets[i], gpu);
    done();
  });
  ProfileFits out;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (*found[i]) {
      out.fits.push_back(std::move(**found[i]));
    } else {
      out.left_out.push_back(fmt::format("{}, {}: {}", profile::key_text(sets[i].key),
                                         profile::implementation_text(sets[i].implementation),
                                         found[i]->error().message));
    }
  }
  const std::span<FittedTime> fits = out.fits;
  for (std::size_t begin = 0, end = 0; begin < fits.size(); begin = end) {
    while (end < fits.size() && fits[end].key == fits[begin].key) ++end;
    fastest_first(fits.subspan(begin, end - begin), sets, gpu);
  }
  return out;
}

}  // namespace headroom::profile_fit
