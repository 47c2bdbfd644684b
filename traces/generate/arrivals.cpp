#include "traces/generate/arrivals.hpp"

#include "sim/core/assert.hpp"
#include "traces/generate/limits.hpp"

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <boost/random/uniform_int_distribution.hpp>
#include <boost/random/uniform_real_distribution.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace headroom {
namespace {

constexpr std::int64_t kHourNs = 3'600'000'000'000;
constexpr std::int64_t kHoursOfDay = 24;
constexpr std::int64_t kDaysOfWeek = 7;

double mean_of(const std::vector<double>& weights) {
  if (weights.empty()) return 1.0;
  return std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
}

double weight_of(const std::vector<double>& weights, std::int64_t step, double mean) {
  if (weights.empty()) return 1.0;
  return weights[static_cast<std::size_t>(step % static_cast<std::int64_t>(weights.size()))] / mean;
}

double relative_rate(const ArrivalSpec& spec, std::int64_t hour, double daily_mean,
                     double weekly_mean, double trend_mean) {
  return weight_of(spec.daily, hour % kHoursOfDay, daily_mean) *
         weight_of(spec.weekly, hour / kHoursOfDay % kDaysOfWeek, weekly_mean) *
         weight_of(spec.trend, hour / spec.trend_step_h, trend_mean);
}

}  // namespace

double BatchSpec::tasks_per_moment() const {
  double of_batch = mean;
  if (!sizes.empty()) {
    double sum = 0.0;
    for (std::size_t i = 0; i < sizes.size(); ++i)
      sum += static_cast<double>(sizes[i]) * weights[i];
    of_batch = sum / std::accumulate(weights.begin(), weights.end(), 0.0);
  }
  return 1.0 + share * (of_batch - 1.0);
}

double cumulative_profile(const ArrivalSpec& spec, Duration until) {
  const double daily = mean_of(spec.daily);
  const double weekly = mean_of(spec.weekly);
  const double trend = mean_of(spec.trend);
  const std::int64_t whole = until.count() / kHourNs;
  double sum = 0.0;
  for (std::int64_t hour = 0; hour < whole; ++hour) {
    sum += relative_rate(spec, hour, daily, weekly, trend);
  }
  const double rest = static_cast<double>(until.count() % kHourNs) / static_cast<double>(kHourNs);
  return sum + rest * relative_rate(spec, whole, daily, weekly, trend);
}

ArrivalProcess::ArrivalProcess(const ArrivalSpec& spec, std::uint64_t seed)
    : spec_(spec),
      gaps_(random_stream(seed, "arrival-gaps")),
      batches_(random_stream(seed, "batch-sizes"), spec.batch.strata),
      daily_mean_(mean_of(spec.daily)),
      weekly_mean_(mean_of(spec.weekly)),
      trend_mean_(mean_of(spec.trend)),
      batch_upto_(summed(spec.batch.weights)) {
  if (spec_.kind != ArrivalKind::mmpp) return;
  HEADROOM_ASSERT(!spec_.states.empty(), "a modulated process without states");
  double dwell = 0.0;
  double moments = 0.0;
  std::vector<double> dwells;
  for (const ModulatedState& state : spec_.states) {
    dwell += state.dwell_s;
    moments += state.dwell_s * state.rate;
    dwells.push_back(state.dwell_s);
  }
  state_rate_mean_ = moments / dwell;
  // Jumps are to every other state alike, so a state's share of time is its dwell's.
  boost::random::uniform_real_distribution<double> any(0.0, 1.0);
  state_ = pick(summed(dwells), std::max(any(gaps_), 0x1p-53));
  boost::random::exponential_distribution<double> unit(1.0);
  state_left_ = unit(gaps_) * spec_.states[state_].dwell_s * spec_.rate_per_h / 3600.0;
}

double ArrivalProcess::rate(std::int64_t hour) const {
  return spec_.rate_per_h * relative_rate(spec_, hour, daily_mean_, weekly_mean_, trend_mean_);
}

double ArrivalProcess::gap() {
  if (spec_.kind == ArrivalKind::mmpp) return modulated_gap();
  if (spec_.kind == ArrivalKind::gamma) {
    const double shape = 1.0 / (spec_.cv * spec_.cv);
    boost::random::gamma_distribution<double> gaps(shape, 1.0 / shape);
    return gaps(gaps_);
  }
  boost::random::exponential_distribution<double> gaps(1.0);
  return gaps(gaps_);
}

// An exponential amount of "moments" is used up at the rate of each state in turn.
double ArrivalProcess::modulated_gap() {
  boost::random::exponential_distribution<double> unit(1.0);
  double needed = unit(gaps_);
  double gone = 0.0;
  while (true) {
    const double rate = spec_.states[state_].rate / state_rate_mean_;
    if (rate * state_left_ > needed) {
      state_left_ -= needed / rate;
      return gone + needed / rate;
    }
    needed -= rate * state_left_;
    gone += state_left_;
    if (const std::size_t states = spec_.states.size(); states > 1) {
      boost::random::uniform_int_distribution<std::size_t> other(1, states - 1);
      state_ = (state_ + other(gaps_)) % states;
    }
    state_left_ = unit(gaps_) * spec_.states[state_].dwell_s * spec_.rate_per_h / 3600.0;
  }
}

std::int64_t ArrivalProcess::batch() {
  const BatchSpec& batch = spec_.batch;
  if (batch.share <= 0.0) return 1;
  const double u = batches_.next();
  if (u >= batch.share) return 1;
  const double within = std::clamp(u / batch.share, 0x1p-53, 1.0 - 0x1p-53);
  if (!batch.sizes.empty()) return batch.sizes[pick(batch_upto_, within)];
  if (batch.mean <= 2.0) return 2;
  // 2 + a geometric number with mean m - 2: P(K >= k) = q^k, q = (m - 2) / (m - 1).
  const double q = (batch.mean - 2.0) / (batch.mean - 1.0);
  const double more = std::floor(std::log1p(-within) / std::log(q));
  return 2 + static_cast<std::int64_t>(std::min(more, static_cast<double>(kMostOfBatch - 2)));
}

std::optional<ArrivalProcess::Moment> ArrivalProcess::next(Duration last) {
  double needed = gap();
  while (hour_ <= last.count() / kHourNs) {
    const double rate_now = rate(hour_);
    const double left = rate_now * (1.0 - into_hour_);
    if (left > needed) {
      into_hour_ = std::min(into_hour_ + needed / rate_now, 1.0);
      const auto ns = std::llround(into_hour_ * static_cast<double>(kHourNs));
      const Duration rounded(hour_ * kHourNs + std::min<std::int64_t>(ns, kHourNs));
      const Duration at = std::max(rounded, earliest_);
      if (at > last) return std::nullopt;
      earliest_ = at + Duration(1);
      return Moment{SimTime(at), batch()};
    }
    needed -= left;
    ++hour_;
    into_hour_ = 0.0;
  }
  return std::nullopt;
}

}  // namespace headroom
