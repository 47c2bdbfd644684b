#include "bench/attention/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace headroom::bench {
namespace {

constexpr int kWarmUpLaunches = 3;
constexpr double kWarmUpUs = 5'000.0;
constexpr int kMostWarmUp = 50;
constexpr int kHotSamples = 7;
constexpr double kNoisy = 0.03;  // quartiles apart, relative to the median
// Of outputs rounded to 8 and 11 bits: a relative 2^-9 and 2^-12 at most. The rest is what 16-bit
// weights add in tensor cores.
constexpr double kMostErrorBf16 = 1e-2;
constexpr double kMostErrorFp16 = 2e-3;

void warm_up(LoadedPoint& loaded) {
  double spent = 0.0;
  for (int i = 0; i < kMostWarmUp; ++i) {
    if (i >= kWarmUpLaunches && spent >= kWarmUpUs) return;
    spent += loaded.time_cold();
  }
}

profile::Statistics statistics_of(const Summary& summary) {
  profile::Statistics out;
  out.n = static_cast<std::int64_t>(summary.n);
  out.median_us = summary.median;
  if (summary.n >= kLeastForInterval) {
    out.median_ci95_us = {summary.median_ci95.first, summary.median_ci95.second};
  }
  out.mean_us = summary.mean;
  out.stdev_us = summary.stdev;
  out.min_us = summary.min;
  out.p05_us = summary.p05;
  out.p25_us = summary.p25;
  out.p75_us = summary.p75;
  out.p95_us = summary.p95;
  return out;
}

profile::Statistics hot_statistics(LoadedPoint& loaded) {
  std::vector<double> times;
  times.reserve(kHotSamples);
  for (int i = 0; i < kHotSamples; ++i) times.push_back(loaded.time_hot());
  profile::Statistics out = statistics_of(summarize(std::move(times)));
  out.launches = loaded.hot_launches();
  return out;
}

bool throttled(const profile::State& state, std::initializer_list<std::string_view> reasons) {
  const std::vector<std::string> found = state.throttle.value_or(std::vector<std::string>{});
  return std::any_of(found.begin(), found.end(), [&](const std::string& each) {
    return std::find(reasons.begin(), reasons.end(), each) != reasons.end();
  });
}

// The state is that right after the last sample.
std::vector<std::string> flags_of(const Sampled& cold, const std::optional<profile::State>& state) {
  std::vector<std::string> flags;
  const Summary& summary = cold.summary;
  if ((summary.p75 - summary.p25) > kNoisy * summary.median) flags.emplace_back("noisy");
  if (!cold.settled) flags.emplace_back("unsettled");
  if (state && throttled(*state, {"sw_power_cap", "hw_power_brake"})) {
    flags.emplace_back("power_capped");
  }
  if (state && throttled(*state, {"sw_thermal_slowdown", "hw_thermal_slowdown"})) {
    flags.emplace_back("thermal");
  }
  return flags;
}

// NaN, which an output that was not written leaves behind, is not below any limit.
bool is_right(const profile::Check& check, Type type) {
  return check.relative_error < (type == Type::bf16 ? kMostErrorBf16 : kMostErrorFp16);
}

}  // namespace

tl::expected<Measured, NotMeasured> measure(Device& device, const Point& point,
                                            const Implementation& implementation,
                                            const MeasureOptions& options) {
  auto opened = device.load(point, implementation.name);
  if (!opened) return tl::unexpected(NotMeasured{Left::unsupported, opened.error().message});
  const std::unique_ptr<LoadedPoint> loaded = *std::move(opened);
  Measured out;
  out.point = point;
  out.point.id = id_of(point) + "/" + implementation.name;
  out.point.implementation = implementation.name;
  out.point.verified = implementation.verified;
  if (options.checked_rows > 0) {
    const profile::Check check = loaded->check(options.checked_rows);
    if (!is_right(check, point.type)) {
      return tl::unexpected(
          NotMeasured{Left::wrong, fmt::format("wrong: a relative error of {:.3g} in {} rows",
                                               check.relative_error, options.checked_rows)});
    }
    out.point.check = check;
  }
  warm_up(*loaded);
  Sampled cold = sample(options.rule, [&] { return loaded->time_cold(); });
  out.point.cold = statistics_of(cold.summary);
  out.point.state = device.state();
  out.point.flags = flags_of(cold, out.point.state);
  out.point.hot = hot_statistics(*loaded);
  if (const auto clock = loaded->clock_mhz()) {
    if (!out.point.state) out.point.state.emplace();
    out.point.state->clock_mhz = clock;
  }
  out.point.kernels = loaded->kernels();
  if (options.counters) out.point.counters = loaded->counters();
  out.cold_us = std::move(cold.times);
  return out;
}

}  // namespace headroom::bench
