#pragma once
// How far a profile's fits are off, against bounds that they have to hold: docs/profile.md.

#include "study/profile_fit/fit_profile.hpp"
#include "study/profile_fit/served.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headroom::profile_fit {

/// Of errors for shapes that a fit has not seen, in percent.
struct Bound {
  double median_percent = 0.0;
  double p90_percent = 0.0;
};

struct KernelRow {
  FitKey key;
  std::string implementation;
  std::size_t knots = 0;
  FitErrors errors;
  std::optional<Bound> bound;

  [[nodiscard]] bool ok() const;
};

/// One profile's measurements predicted from the fits of another GPU, at their own data sheet's
/// rates.
struct MovedRow {
  FitKey key;
  std::string implementation;
  FitErrors errors;             // 0 folds: nothing was left out
  double within_percent = 0.0;  // of the measurements: inside of the prediction's interval
};

/// Whole models are judged beside the kernels that they are made of.
struct Validation {
  std::string gpu;
  std::string source;        // what the fits were fitted to
  bool from_points = false;  // fitted now, from the profile's points; else as the file has it
  std::vector<KernelRow> kernels;
  std::vector<std::string> left_out;  // points without a fit, and why
  std::string against;                // the other GPU; "": none
  std::vector<MovedRow> moved;
  std::optional<ServedValidation> served;  // where the profile has deployments

  /// Whether every bound is held.
  [[nodiscard]] bool ok() const;
};

/// Fits of the profile's points, where it has any; else the fits that it holds. Error: no GPU of
/// the catalogue, or neither points nor fits.
[[nodiscard]] Result<Validation> validate(const profile::Profile& profile,
                                          const profile::Profile* against,
                                          const std::function<void()>& done);

[[nodiscard]] std::string validation_text(const Validation& validation);
/// Schema headroom.profile_validation, version 1.
[[nodiscard]] std::string validation_json(const Validation& validation);

}  // namespace headroom::profile_fit
