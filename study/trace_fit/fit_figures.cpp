#include "study/trace_fit/fit_trace.hpp"

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

// Tolerances, stated in docs/generator.md.
constexpr double kCountTolerance = 0.10;
constexpr double kCvTolerance = 0.20;
constexpr double kDemandTolerance = 0.10;
constexpr double kQuantileTolerance = 0.05;
constexpr double kTailTolerance = 0.10;
constexpr double kSharePoints = 0.02;
constexpr double kNanos = 1e9;

FitFigure relative(const char* name, const char* unit, double real, double generated,
                   double tolerance) {
  FitFigure out{name, unit, real, generated, 0.0, tolerance, false, false};
  // Nothing is near 0 but 0.
  out.difference = real != 0.0 ? generated / real - 1.0 : generated == 0.0 ? 0.0 : 1.0;
  out.ok = std::abs(out.difference) <= tolerance;
  return out;
}

FitFigure points(const char* name, double real, double generated) {
  FitFigure out{name, "", real, generated, generated - real, kSharePoints, true, false};
  out.ok = std::abs(out.difference) <= kSharePoints;
  return out;
}

double seconds_at(const TraceProfile& profile, int per_mille) {
  return to_seconds(Duration(profile.lifetimes.at(per_mille)));
}

double variation(const TraceProfile& profile) { return profile.arrivals.variation().value_or(0.0); }

double share(const TraceProfile& profile, const TaskSize& size) {
  return profile.tasks == 0
             ? 0.0
             : static_cast<double>(profile.count_of(size)) / static_cast<double>(profile.tasks);
}

/// The size whose share differs most.
FitFigure worst_size(const TraceProfile& real, const TraceProfile& generated) {
  FitFigure worst = points("share of the size that differs most", 0.0, 0.0);
  for (const TraceProfile* side : {&real, &generated}) {
    for (const auto& [key, band] : side->bands) {
      for (const auto& [size, count] : band.sizes) {
        const FitFigure here = points("share of the size that differs most", share(real, size),
                                      share(generated, size));
        if (std::abs(here.difference) > std::abs(worst.difference)) worst = here;
      }
    }
  }
  return worst;
}

}  // namespace

std::vector<FitFigure> compare_profiles(const TraceProfile& real, const TraceProfile& generated) {
  const auto count = [](std::int64_t value) { return static_cast<double>(value); };
  return {
      relative("tasks", "", count(real.tasks), count(generated.tasks), kCountTolerance),
      relative("CV of the gaps between arrivals", "", variation(real), variation(generated),
               kCvTolerance),
      points("share of gaps that are 0", real.arrivals.zero_share(),
             generated.arrivals.zero_share()),
      relative("GPU-hours", "h", real.gpu_hours(), generated.gpu_hours(), kDemandTolerance),
      relative("offered load", "GPUs", real.offered_gpus(), generated.offered_gpus(),
               kDemandTolerance),
      relative("lifetime, mean", "s", real.lifetimes.mean() / kNanos,
               generated.lifetimes.mean() / kNanos, kDemandTolerance),
      relative("lifetime, p50", "s", seconds_at(real, 500), seconds_at(generated, 500),
               kQuantileTolerance),
      relative("lifetime, p90", "s", seconds_at(real, 900), seconds_at(generated, 900),
               kTailTolerance),
      relative("lifetime, p99", "s", seconds_at(real, 990), seconds_at(generated, 990),
               kTailTolerance),
      worst_size(real, generated),
  };
}

}  // namespace headroom
