#include "traces/generate/spec.hpp"

#include "traces/generate/limits.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <utility>

namespace headroom {
namespace {

double weighted_mean(const std::vector<double>& weights, const auto& value_of) {
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * value_of(i);
  return sum / std::accumulate(weights.begin(), weights.end(), 0.0);
}

double mean_gpus(const TaskClass& one) {
  return weighted_mean(one.size_weights, [&](std::size_t i) {
    return static_cast<double>(one.sizes[i].gpus) * one.sizes[i].milli / 1000.0;
  });
}

double mean_replicas(const TaskClass& one) {
  return weighted_mean(one.replica_weights,
                       [&](std::size_t i) { return static_cast<double>(one.replicas[i]); });
}

}  // namespace

double mean_gpus_asked(const GeneratorSpec& spec) {
  double weights = 0.0;
  double gpu_seconds = 0.0;
  for (const TaskClass& one : spec.classes) {
    weights += one.weight;
    gpu_seconds += one.weight * mean_gpus(one) * mean_replicas(one) * mean_lifetime(one.lifetime);
  }
  double per_hour = spec.arrivals.rate_per_h * spec.arrivals.batch.tasks_per_moment();
  if (spec.span && spec.span->count() > 0) {
    per_hour *= cumulative_profile(spec.arrivals, *spec.span) / (to_seconds(*spec.span) / 3600.0);
  }
  return per_hour / 3600.0 * gpu_seconds / weights;
}

Result<GeneratorSpec> at_load(GeneratorSpec spec, double load, std::int64_t gpus) {
  const double asked = mean_gpus_asked(spec);
  if (!(asked > 0.0)) {
    return fail("these generated tasks ask for no GPU, so their load cannot be set", {},
                "a load needs a [[class]] with GPUs and a lifetime above 0");
  }
  spec.arrivals.rate_per_h *= load * static_cast<double>(gpus) / asked;
  if (!(spec.arrivals.rate_per_h >= kLeastRate && spec.arrivals.rate_per_h <= kMostRate)) {
    return fail(
        fmt::format("a load of {} on {} GPUs needs {} arrivals an hour, but the rate must "
                    "be from {} to {}",
                    load, gpus, spec.arrivals.rate_per_h, kLeastRate, kMostRate));
  }
  for (const ModulatedState& state : spec.arrivals.states) {
    if (state.dwell_s * spec.arrivals.rate_per_h / 3600.0 >= kLeastMomentsPerDwell) continue;
    return fail(
        fmt::format("at a load of {} on {} GPUs a state of {} s is less than a thousandth of "
                    "the mean gap",
                    load, gpus, state.dwell_s));
  }
  return spec;
}

}  // namespace headroom
