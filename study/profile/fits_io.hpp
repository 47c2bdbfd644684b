#pragma once
// The fits of a profile as JSON: docs/profile.md.

#include "sim/cost/fitted_time.hpp"
#include "study/json_fields.hpp"

#include <nlohmann/json.hpp>

#include <span>
#include <string>
#include <vector>

namespace headroom::profile {

/// Most of any coefficient of a form, and of any factor of a spread.
inline constexpr double kMostCoefficient = 1e6;
/// Largest correction of a knot, up or down, in thousandths: a factor of 22,000.
inline constexpr int kMostCorrection = 10'000;

/// Each fit over several lines, as elements of a list; empty for none.
[[nodiscard]] std::string fits_text(std::span<const FittedTime> fits);

/// What the fit is of; null what does not apply.
[[nodiscard]] nlohmann::ordered_json key_json(const FitKey& key);
[[nodiscard]] nlohmann::ordered_json errors_json(const FitErrors& errors);

/// The list "fits" of a profile. Errors are kept by `fields`, with the path of their key. No time
/// of a fit that is read is 0: some coefficient is of work that the kernel always has.
[[nodiscard]] std::vector<FittedTime> read_fits(const JsonFields& fields);

}  // namespace headroom::profile
