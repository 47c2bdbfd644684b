#pragma once
// The time of a kernel as a fit to measurements has it:
//
//   time = exp(correction(sizes)) x (launch + sum over kinds of work of c x work / rate)
//
// The sum is what physics says: no coefficient is below 0. The correction is what it leaves out
// (tiles, waves, caches), known at the knots of a grid and smooth between them.

#include "sim/cost/kernel_load.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace headroom {

/// What a device reaches at most, as its data sheet says.
struct Rates {
  double flop_per_s = 1.0;
  double bytes_per_s = 1.0;
  double link_bytes_per_s = 1.0;  // in one direction
};

/// Coefficients: how often the time at full rate; a softmax exponential counts as a flop. None is
/// below 0.
struct TimeForm {
  double launch_us = 0.0;
  double flops = 0.0;
  double bytes = 0.0;
  double exps = 0.0;
  double wire_bytes = 0.0;
  double hop_us = 0.0;

  friend bool operator==(const TimeForm&, const TimeForm&) = default;
};

/// The terms that coefficients multiply, in microseconds (launch and hops: how many), in the order
/// of TimeForm.
[[nodiscard]] std::array<double, 6> form_terms(const Work& work, const Rates& rates);
[[nodiscard]] double form_us(const TimeForm& form, const Work& work, const Rates& rates);

/// Where a prediction comes from. All knots around it have been measured; some; none, or it is
/// outside of the grid.
enum class Basis : std::uint8_t { interpolated, fitted, extrapolated };
inline const std::array<std::string, 3> kBases = {"interpolated", "fitted", "extrapolated"};

/// A time in microseconds, with the interval that holds nine of ten measurements.
struct Estimate {
  double us = 0.0;
  double low_us = 0.0;
  double high_us = 0.0;
  Basis basis = Basis::interpolated;

  /// One after the other. Errors are taken to go together: intervals add up.
  Estimate& operator+=(const Estimate& other);
  [[nodiscard]] friend Estimate operator+(Estimate a, const Estimate& b) { return a += b; }
  [[nodiscard]] friend Estimate operator*(Estimate a, double times) {
    return {a.us * times, a.low_us * times, a.high_us * times, a.basis};
  }
};

/// How far measurements were from predictions of a fit that had not seen their shapes, as
/// measured / predicted - 1. Quantiles are in percent.
struct FitErrors {
  std::int64_t points = 0;
  std::int64_t shapes = 0;
  std::int64_t folds = 0;       // parts of the shapes that were left out in turn
  double median_percent = 0.0;  // of the absolute error
  double p90_percent = 0.0;     // likewise
  double bias_percent = 0.0;    // the median with its sign
};

/// A factor on the prediction: between these lie nine of ten measurements.
struct Spread {
  double low = 1.0;
  double high = 1.0;

  friend bool operator==(const Spread&, const Spread&) = default;
};

struct FittedTime {
  FitKey key;
  std::string implementation;
  TimeForm form;
  LogGrid grid;
  std::vector<std::int16_t> correction;  // of each knot, in thousandths of the natural logarithm
  std::vector<bool> measured;            // whether points lie around the knot
  Spread inside;                         // of interpolated predictions
  Spread outside;                        // of others
  FitErrors errors;
  std::string fitted_to;  // whose measurements, under which licence

  /// `load.key` may be another one: a head size near to this.
  [[nodiscard]] Estimate estimate(const KernelLoad& load, const Rates& rates) const;
};

}  // namespace headroom
