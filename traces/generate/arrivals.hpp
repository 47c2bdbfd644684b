#pragma once
// When generated tasks arrive: a process of moments, and how many tasks come at each.
//
// The moments are a homogeneous process of mean rate 1 in operational time, mapped to the clock by
// time rescaling: the moment at operational time s is the time t at which Lambda(t) = s, where
// Lambda is the integral of
//     rate_per_h x daily[hour of day] x weekly[day of week] x trend[step],
// each profile divided by its own mean, and constant within an hour. (For a Poisson process that is
// exact: Cinlar's inversion; Lewis and Shedler 1979, recalled.) The trace begins at hour 0 of day 0
// of all of them; a trend begins anew after its last step.
//
// Moments are different times, rounded to a nanosecond: one that would round to the last comes a
// nanosecond after it. Tasks of one time are a batch's.
//
// Processes: poisson (exponential gaps); gamma (gaps with shape 1/cv^2); mmpp (a Poisson process
// whose rate is that of a state: from one state to each other with equal chance, after a time that
// is exponential around its mean dwell, given in seconds at the mean rate).

#include "sim/core/random.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "traces/generate/stratified.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace headroom {

enum class ArrivalKind { poisson, gamma, mmpp };

struct ModulatedState {
  double rate = 1.0;  // against the other states' alone
  double dwell_s = 3'600.0;
};

/// A share of the moments bring several tasks.
struct BatchSpec {
  double share = 0.0;
  double mean = 2.0;                // geometric from 2 on, unless sizes are listed
  std::vector<std::int64_t> sizes;  // 2 or more each; empty = geometric
  std::vector<double> weights;      // one a size
  std::int64_t strata = 1;          // see Stratified

  /// Mean tasks a moment.
  [[nodiscard]] double tasks_per_moment() const;
};

struct ArrivalSpec {
  ArrivalKind kind = ArrivalKind::poisson;
  double rate_per_h = 60.0;  // moments, not tasks
  double cv = 1.0;           // gamma: standard deviation of the gaps over their mean
  std::vector<ModulatedState> states;
  std::vector<double> daily;   // 24 weights, or none
  std::vector<double> weekly;  // 7, or none
  std::vector<double> trend;   // one a step, or none
  std::int64_t trend_step_h = 24;
  BatchSpec batch;
};

/// Lambda at this time, with rate_per_h = 1: moments that a mean rate of one an hour brings.
[[nodiscard]] double cumulative_profile(const ArrivalSpec& spec, Duration until);

class ArrivalProcess {
 public:
  struct Moment {
    SimTime at{};
    std::int64_t tasks = 1;
  };

  /// Streams of the seed: "arrival-gaps", "batch-sizes". Precondition: a spec as the reader gives
  /// it (traces/generate/spec.hpp).
  ArrivalProcess(const ArrivalSpec& spec, std::uint64_t seed);

  /// The next moment; nullopt once it would be after `last` (kMaxInputTime at most).
  [[nodiscard]] std::optional<Moment> next(Duration last);

 private:
  [[nodiscard]] double gap();  // operational time
  [[nodiscard]] double modulated_gap();
  [[nodiscard]] std::int64_t batch();
  [[nodiscard]] double rate(std::int64_t hour) const;  // moments an hour

  ArrivalSpec spec_;
  RandomStream gaps_;
  Stratified batches_;
  double daily_mean_ = 1.0;
  double weekly_mean_ = 1.0;
  double trend_mean_ = 1.0;
  std::vector<double> batch_upto_;
  std::int64_t hour_ = 0;
  double into_hour_ = 0.0;  // hours, 0..1
  Duration earliest_{};     // the next moment
  std::size_t state_ = 0;
  double state_left_ = 0.0;  // operational time
  double state_rate_mean_ = 1.0;
};

}  // namespace headroom
