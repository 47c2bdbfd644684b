#include "study/trace_fit/fit_trace.hpp"

#include "study/trace_fit/arrival_fit.hpp"
#include "traces/generate/limits.hpp"
#include "traces/generate/task_generator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace headroom {
namespace {

constexpr std::int64_t kLeastTasks = 30;
constexpr std::int64_t kLeastMoments = 10;
constexpr std::uint64_t kAllRanksUpTo = 256;
constexpr std::uint64_t kBodyPoints = 100;    // up to nine tenths of the tasks,
constexpr std::uint64_t kTailPoints = 1'000;  // from there on

/// The roundest number of seconds within the bucket of a histogram that ends here.
double round_seconds(Duration upper) {
  const double high = to_seconds(upper);
  const double low = high * (1.0 - 1.0 / 1'025.0);
  for (double unit = 1e9; unit >= 1e-9; unit /= 10.0) {
    const double rounded = std::floor(high / unit + 1e-9) * unit;
    if (rounded > low) return rounded;
  }
  return high;
}

/// Ranks of the values that stand for all: each hundredth, in the upper tenth each thousandth, and
/// the last of them by doubling steps.
std::vector<std::uint64_t> chosen_ranks(std::uint64_t count) {
  std::vector<std::uint64_t> ranks;
  if (count <= kAllRanksUpTo) {
    for (std::uint64_t rank = 1; rank <= count; ++rank) ranks.push_back(rank);
    return ranks;
  }
  for (std::uint64_t i = 0; i < kBodyPoints * 9 / 10; ++i) {
    ranks.push_back(std::max<std::uint64_t>(1, count * i / kBodyPoints));
  }
  for (std::uint64_t i = kTailPoints * 9 / 10; i <= kTailPoints; ++i) {
    ranks.push_back(count * i / kTailPoints);
  }
  for (std::uint64_t back = 1; back < count / kTailPoints; back *= 2) ranks.push_back(count - back);
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  return ranks;
}

/// The value of rank r of n stands at probability (r - 1/2) / n (Hazen's plotting position).
EmpiricalLifetime quantiles_of(const DurationHistogram& lifetimes) {
  EmpiricalLifetime out;
  const std::uint64_t count = lifetimes.count();
  const auto add = [&](double probability, double seconds) {
    if (!out.quantiles_s.empty()) seconds = std::max(seconds, out.quantiles_s.back());
    out.probabilities.push_back(probability);
    out.quantiles_s.push_back(seconds);
  };
  add(0.0, round_seconds(lifetimes.at_rank(1)));
  for (const std::uint64_t rank : chosen_ranks(count)) {
    const double p = (static_cast<double>(rank) - 0.5) / static_cast<double>(count);
    add(p, round_seconds(lifetimes.at_rank(rank)));
  }
  add(1.0, round_seconds(lifetimes.at_rank(count)));
  return out;
}

/// By the moments of the logarithms; tasks of no duration are left out of them.
LifetimeSpec fit_lifetimes(const SizeBand& band, TraceFitOptions::Lifetimes kind) {
  if (kind == TraceFitOptions::Lifetimes::empirical || band.positive == 0) {
    return quantiles_of(band.lifetimes);
  }
  const auto count = static_cast<double>(band.positive);
  const double mean = band.log_sum / count;
  const double sigma = std::sqrt(std::max(band.log_squares / count - mean * mean, 0.0));
  const auto time = [](double seconds) {
    return std::clamp(seconds, kLeastLifetime, kMostLifetime);
  };
  if (kind == TraceFitOptions::Lifetimes::lognormal) {
    return LogNormalLifetime{time(std::exp(mean)), std::min(sigma, 4.0)};
  }
  // ln X has mean ln(scale) - gamma / shape and standard deviation pi / (shape x sqrt 6).
  const double shape =
      std::clamp(std::numbers::pi / (std::max(sigma, 1e-9) * std::sqrt(6.0)), 0.1, 100.0);
  return WeibullLifetime{shape, time(std::exp(mean + std::numbers::egamma / shape))};
}

TaskClass class_of(const SizeBand& band, TraceFitOptions::Lifetimes kind) {
  TaskClass out;
  const auto count = static_cast<std::int64_t>(band.lifetimes.count());
  out.weight = static_cast<double>(count);
  out.sizes.clear();
  out.size_weights.clear();
  for (const auto& [size, tasks] : band.sizes) {
    out.sizes.push_back(size);
    out.size_weights.push_back(static_cast<double>(tasks));
  }
  out.cpu_milli = static_cast<std::int64_t>((band.cpu_milli + count / 2) / count);
  out.ram = static_cast<Bytes>((band.ram + count / 2) / count);
  out.lifetime = fit_lifetimes(band, kind);
  out.strata = std::clamp<std::int64_t>(count, 1, kMaxStrata);
  return out;
}

Status check_enough(const TraceProfile& profile) {
  if (profile.tasks >= kLeastTasks && profile.moments >= kLeastMoments) return {};
  const std::string needed =
      fmt::format("{} tasks at {} times are needed", kLeastTasks, kLeastMoments);
  if (profile.without_lifetime == 0) {
    return fail(fmt::format("this trace has {} tasks at {} different times, too few to fit",
                            profile.tasks, profile.moments),
                {}, needed);
  }
  return fail(
      fmt::format("this trace says of {} of its {} tasks how long they ran, too few to fit: "
                  "a generator needs lifetimes",
                  profile.tasks == 0 ? "none" : fmt::format("{}", profile.tasks),
                  profile.tasks + profile.without_lifetime),
      {},
      needed +
          ": write them into the column lifetime_s of what 'headroom trace convert FILE "
          "--to csv' gives, and fit that");
}

}  // namespace

Result<GeneratorSpec> fit_trace(const TraceProfile& profile, const TraceFitOptions& options) {
  HEADROOM_CHECK(check_enough(profile));
  GeneratorSpec spec;
  spec.name = options.name;
  spec.description = fmt::format("fitted to {} tasks over {}", profile.tasks,
                                 duration_text(profile.arrivals.span()));
  spec.span = profile.length();
  spec.strata = std::clamp<std::int64_t>(profile.tasks, 1, kMaxStrata);
  spec.arrivals = fit_arrivals(profile, options);
  for (const auto& [band, tasks] : profile.bands) {
    spec.classes.push_back(class_of(tasks, options.lifetimes));
  }
  // What a file may not hold could not be generated from.
  if (const auto read = parse_generator(generator_text(spec), "the fit"); !read) {
    return fail(
        fmt::format("no generator file can say what fits this trace: {}", read.error().message), {},
        "try another --process, or --lifetimes empirical");
  }
  return spec;
}

Result<TraceProfile> generated_profile(const GeneratorSpec& spec, std::uint64_t seed) {
  HEADROOM_TRY(const auto tasks, make_task_generator(spec, seed));
  return profile_of(*tasks);
}

}  // namespace headroom
