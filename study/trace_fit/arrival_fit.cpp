#include "study/trace_fit/arrival_fit.hpp"

#include "traces/generate/limits.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace headroom {
namespace {

constexpr std::uint64_t kFirstSeed = 1'001;  // of the simulated moments: not those that people use
constexpr std::int64_t kMostSeeds = 8;
constexpr std::int64_t kMomentsPerCv = 300'000;  // simulated for one value of the parameter
constexpr int kBisections = 10;
constexpr double kLeastCv = 0.3;
constexpr double kMostCv = 30.0;
constexpr std::int64_t kDayH = 24;

void set_cv(ArrivalSpec& spec, double cv) {
  spec.cv = cv;
  if (spec.kind == ArrivalKind::mmpp) spec.states = interrupted_poisson(cv, spec.rate_per_h);
}

/// Of the gaps between all generated tasks.
double simulated_cv(const ArrivalSpec& spec, Duration span, std::uint64_t seed) {
  ArrivalProcess process(spec, seed);
  Arrivals arrivals;
  while (const auto moment = process.next(span)) {
    for (std::int64_t i = 0; i < moment->tasks; ++i) arrivals.add(moment->at);
  }
  return arrivals.variation().value_or(0.0);
}

/// How the output's coefficient of variation lies to the trace's, over the seeds.
struct Scatter {
  double bias = 0.0;                                       // mean of the logarithms of their ratio
  double error = std::numeric_limits<double>::infinity();  // root mean square of them
};

Scatter scatter_at(ArrivalSpec spec, double cv, const TraceProfile& profile) {
  set_cv(spec, cv);
  const std::int64_t seeds =
      std::clamp<std::int64_t>(kMomentsPerCv / profile.moments, 2, kMostSeeds);
  const double real = profile.arrivals.variation().value_or(0.0);
  double sum = 0.0;
  double squares = 0.0;
  for (std::int64_t i = 0; i < seeds; ++i) {
    const double simulated =
        simulated_cv(spec, profile.length(), kFirstSeed + static_cast<std::uint64_t>(i));
    const double log = std::log(std::max(simulated, 1e-9) / std::max(real, 1e-9));
    sum += log;
    squares += log * log;
  }
  return {sum / static_cast<double>(seeds), std::sqrt(squares / static_cast<double>(seeds))};
}

/// Sets the parameter that comes nearest; returns how near.
double calibrate(ArrivalSpec& spec, const TraceProfile& profile) {
  if (spec.kind == ArrivalKind::poisson) return scatter_at(spec, 1.0, profile).error;
  double low = std::log(spec.kind == ArrivalKind::mmpp ? 1.01 : kLeastCv);
  double high = std::log(kMostCv);
  double best_cv = std::exp(low);
  double best = scatter_at(spec, best_cv, profile).error;
  for (int i = 0; i < kBisections; ++i) {
    const double middle = (low + high) / 2.0;
    const Scatter here = scatter_at(spec, std::exp(middle), profile);
    if (here.error < best) {
      best = here.error;
      best_cv = std::exp(middle);
    }
    (here.bias < 0.0 ? low : high) = middle;
  }
  // Four digits are more than the figure is known to.
  const double unit = std::pow(10.0, std::floor(std::log10(best_cv)) - 3.0);
  set_cv(spec, std::round(best_cv / unit) * unit);
  return best;
}

template <class Counts>
std::vector<double> as_weights(const Counts& counts) {
  return {counts.begin(), counts.end()};
}

/// As many moments over the trace's span, on average, as it has.
void set_rate(ArrivalSpec& spec, const TraceProfile& profile) {
  spec.rate_per_h =
      static_cast<double>(profile.moments) / cumulative_profile(spec, profile.length());
}

BatchSpec fit_batches(const TraceProfile& profile) {
  BatchSpec batch;
  std::int64_t several = 0;
  for (const auto& [tasks, moments] : profile.batches) {  // in ascending order
    if (tasks == 1) continue;
    several += moments;
    const std::int64_t size = std::min(tasks, kMostOfBatch);
    if (batch.sizes.empty() || batch.sizes.back() != size) {
      batch.sizes.push_back(size);
      batch.weights.push_back(0.0);
    }
    batch.weights.back() += static_cast<double>(moments);
  }
  batch.share = static_cast<double>(several) / static_cast<double>(profile.moments);
  batch.strata = std::clamp<std::int64_t>(profile.moments, 1, kMaxStrata);
  return batch;
}

}  // namespace

std::vector<ModulatedState> interrupted_poisson(double cv, double rate_per_h) {
  // Gaps of mean 1: exponential with rate a = 2p by chance p, else with rate b = 2(1 - p).
  const double square = cv * cv;
  const double p = (1.0 + std::sqrt((square - 1.0) / (square + 1.0))) / 2.0;
  const double a = 2.0 * p;
  const double b = 2.0 * (1.0 - p);
  const double rate_on = p * a + (1.0 - p) * b;
  const double off_to_on = a * b / rate_on;
  const double on_to_off = a + b - rate_on - off_to_on;
  const double seconds = 3600.0 / rate_per_h;
  return {{1.0, seconds / on_to_off}, {0.0, seconds / off_to_on}};
}

ArrivalSpec fit_arrivals(const TraceProfile& profile, const TraceFitOptions& options) {
  ArrivalSpec spec;
  spec.kind = options.process;
  spec.batch = fit_batches(profile);
  if (options.cycles_only) {
    spec.daily = as_weights(profile.by_hour);
    if (profile.length() >= std::chrono::hours(std::int64_t{2} * 7 * kDayH)) {
      spec.weekly = as_weights(profile.by_day);
    }
    set_rate(spec, profile);
    (void)calibrate(spec, profile);
    return spec;
  }
  ArrivalSpec coarse = spec;
  coarse.trend_step_h = std::max(profile.steps.step_h(), kDayH);
  coarse.trend = profile.steps.counts(coarse.trend_step_h);
  coarse.daily = as_weights(profile.by_hour);
  set_rate(coarse, profile);
  const double coarse_error = calibrate(coarse, profile);
  if (profile.steps.step_h() >= kDayH) return coarse;
  // Steps within a day hold its cycle.
  ArrivalSpec fine = spec;
  fine.trend_step_h = profile.steps.step_h();
  fine.trend = profile.steps.counts(fine.trend_step_h);
  set_rate(fine, profile);
  return calibrate(fine, profile) < coarse_error ? fine : coarse;
}

}  // namespace headroom
