// The fits of a profile as a table.

#include "study/profile/fit_words.hpp"
#include "study/profile/show.hpp"
#include "study/profile/words.hpp"

#include <fmt/format.h>

namespace headroom::profile {
namespace {

constexpr const char* kRow = "  {:<14} {:<9} {:>9} {:>7} {:>6} {:>6} {:>9} {:>8} {:>12} {:>12}  {}";

std::string spread_text(const Spread& spread) {
  return fmt::format("{:.2f}-{:.2f}", spread.low, spread.high);
}

std::string fit_row(const FittedTime& fit) {
  const FitKey& key = fit.key;
  std::string what = implementation_text(fit.implementation);
  if (key.topology) what += ", " + name_of(kTopologies, *key.topology);
  if (key.gpus_per_node > 0) what += fmt::format(", {} GPUs a node", key.gpus_per_node);
  return row_text(fmt::format(
      kRow, name_of(kKernels, key.kernel), types_text(key),
      key.head_dim > 0 ? fmt::format("{}", key.head_dim) : "-", fit.errors.points,
      fit.errors.shapes, fit.grid.size(), fmt::format("{:.2f}", fit.errors.median_percent),
      fmt::format("{:.2f}", fit.errors.p90_percent), spread_text(fit.inside),
      spread_text(fit.outside), what + "; " + plain_text(fit.fitted_to, 80)));
}

}  // namespace

std::string fits_table(const Profile& profile, const ShowOptions& options) {
  if (profile.fits.empty() || options.shape) return "";
  std::size_t knots = 0;
  for (const FittedTime& fit : profile.fits) knots += fit.grid.size();
  std::string out = fmt::format("\nfits on {}: {} with {}\n", device_words(profile.device),
                                count_text(profile.fits.size()), counted(knots, "knot"));
  out += row_text(fmt::format(kRow, "kernel", "types", "head size", "points", "shapes", "knots",
                              "median, %", "p90, %", "inside", "outside",
                              "implementation; fitted to"));
  for (const FittedTime& fit : profile.fits) out += fit_row(fit);
  return out +
         "  Errors are of shapes left out whole. Nine of ten measurements lie between these shares "
         "of a prediction:\n  inside of what was measured, and outside of it.\n";
}

}  // namespace headroom::profile
