#include "study/profile_fit/knots.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>

namespace headroom::profile_fit {
namespace {

struct AxisPlan {
  std::vector<double> knots;
  double curvature = 0.0;  // as Smoothing has it
};

/// from, from x factor, ..., to.
std::vector<double> by_factor(double from, double factor, double to) {
  std::vector<double> out;
  for (double knot = from; knot <= to; knot *= factor) out.push_back(knot);
  return out;
}

// Fits are shipped with headroom, so knots are as few as the errors of whole shapes left out allow.
// Figures are median and 90th percentile of the errors on the published tables of an H200, bf16 and
// heads of 128, with about the folds of folds.hpp. Curvatures were chosen by them, to a factor of
// three.

/// What heads, batches and lengths change is how sequences are split over multiprocessors. With all
/// sizes as knots (3,264) 1.1 and 3.5 %; lengths by 4 1.6 and 5.7 %; three knots for KV heads and
/// two for the query heads of each, which are computed together (648), 1.8 and 6.4 %. With batches
/// by factors of 4 too, 2.6 and 8.8 %.
std::vector<AxisPlan> decode_axes() {
  return {{{1, 3, 8, 64}, 0.05},
          {{1, 64}, 1.0},
          {by_factor(1, 2, 4096), 0.01},
          {by_factor(2, 4, 1 << 21), 0.01}};
}

/// Heads of all sequences fill the multiprocessors in waves. Knots at each quarter of an octave
/// show them: 2.5 and 11 % with 4,704 knots. At each octave, 3.3 and 12.8 % with 540. What fp8 keys
/// and values add is smooth: a few lengths less cost 0.2 %.
std::vector<AxisPlan> prefill_axes(const FitKey& key) {
  std::vector<double> lengths = {1};
  for (const double knot : by_factor(16, 2, 1 << 17)) {
    const bool passed_over = knot == 32 || knot == 128 || knot == 8192;
    if (key.kv_type != ElementType::fp8 || !passed_over) lengths.push_back(knot);
  }
  return {{by_factor(1, 2, 1 << 20), 0.01}, {{1, 8, 64}, 0.1}, {std::move(lengths), 0.01}};
}

/// 3.0 and 8.8 % with 784 knots; at half octaves of n and k 2.7 and 8.7 % with 2,704.
std::vector<AxisPlan> matmul_axes() {
  return {{by_factor(1, 2, 1 << 17), 0.003},
          {by_factor(64, 2, 1 << 17), 0.01},
          {by_factor(64, 2, 1 << 17), 0.01}};
}

/// All heads share one latent, so that their number, a shape here, decides which of several kernels
/// runs: with every other one left out errors are half as large again.
std::vector<AxisPlan> latent_decode_axes() {
  return {{by_factor(1, 2, 128), 0.01},
          {by_factor(1, 2, 4096), 0.01},
          {by_factor(2, 4, 1 << 21), 0.01}};
}

std::vector<AxisPlan> latent_prefill_axes() {
  std::vector<double> lengths = {1, 16, 64};
  for (const double knot : by_factor(256, 2, 1 << 17)) lengths.push_back(knot);
  return {{by_factor(1, 2, 128), 0.01}, {by_factor(1, 4, 1024), 0.01}, {std::move(lengths), 0.01}};
}

/// Algorithms and protocols change with the size; an octave finds where.
std::vector<AxisPlan> collective_axes() {
  return {{by_factor(2, 2, 1 << 16), 0.01}, {by_factor(1, 2, 0x1p40), 0.003}};
}

std::vector<AxisPlan> axes_of(const FitKey& key) {
  switch (key.kernel) {
    case Kernel::prefill:
      return prefill_axes(key);
    case Kernel::decode:
      return decode_axes();
    case Kernel::matmul:
      return matmul_axes();
    case Kernel::latent_prefill:
      return latent_prefill_axes();
    case Kernel::latent_decode:
      return latent_decode_axes();
    default:
      return collective_axes();
  }
}

/// From the last knot that is not above the least size to the first that is not below the largest.
std::vector<double> among(const std::vector<double>& knots, double least, double largest) {
  const auto above = std::upper_bound(knots.begin(), knots.end(), least);
  const auto first = above == knots.begin() ? above : above - 1;
  const auto beyond = std::lower_bound(knots.begin(), knots.end(), largest);
  return {first, beyond == knots.end() ? beyond : beyond + 1};
}

}  // namespace

Result<GridPlan> grid_plan(const FitKey& key, std::span<const Sample> samples) {
  HEADROOM_ASSERT(!samples.empty(), "a grid for no samples");
  constexpr double kSlope = 0.01;  // more of it, or none, is worse where few shapes were measured
  const std::vector<AxisPlan> plans = axes_of(key);
  const std::span<const std::string> names = axis_names(key.kernel);
  GridPlan out;
  out.smoothing.slope = kSlope;
  std::vector<LogGrid::Axis> axes;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const auto [least, largest] = std::minmax_element(
        samples.begin(), samples.end(),
        [i](const Sample& a, const Sample& b) { return a.load.sizes[i] < b.load.sizes[i]; });
    axes.push_back({names[i], among(plans[i].knots, least->load.sizes[i], largest->load.sizes[i])});
    out.smoothing.curvature.push_back(plans[i].curvature);
  }
  HEADROOM_TRY(out.grid, LogGrid::make(std::move(axes)));
  return out;
}

}  // namespace headroom::profile_fit
