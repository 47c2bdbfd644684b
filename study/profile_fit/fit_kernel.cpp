#include "study/profile_fit/fit_kernel.hpp"

#include "sim/cost/gpu_times.hpp"
#include "study/profile/fits_io.hpp"
#include "study/profile/words.hpp"
#include "study/profile_fit/folds.hpp"
#include "study/profile_fit/knots.hpp"
#include "study/profile_fit/nnls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace headroom::profile_fit {
namespace {

using Samples = std::vector<const Sample*>;

Spread widest(const Spread& a, const Spread& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

/// To six digits, so that a file holds what was used.
double rounded(double value) {
  if (value <= 0.0) return 0.0;
  const double scale = std::pow(10.0, 5.0 - std::floor(std::log10(value)));
  return std::round(value * scale) / scale;
}

/// The form of least squares of predicted / measured - 1.
Result<TimeForm> fit_form(const Samples& samples, const Rates& rates) {
  Eigen::MatrixXd terms(static_cast<Eigen::Index>(samples.size()), 6);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto row = form_terms(samples[i]->load.work, rates);
    for (std::size_t j = 0; j < row.size(); ++j) {
      terms(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = row[j] / samples[i]->us;
    }
  }
  const Eigen::VectorXd c = nnls(terms, Eigen::VectorXd::Ones(terms.rows()));
  if (c.maxCoeff() > profile::kMostCoefficient) {
    return fail(fmt::format("a coefficient of its form is above {:g}", profile::kMostCoefficient));
  }
  return TimeForm{rounded(c(0)), rounded(c(1)), rounded(c(2)),
                  rounded(c(3)), rounded(c(4)), rounded(c(5))};
}

Result<std::vector<std::int16_t>> fit_correction(const Samples& samples, const TimeForm& form,
                                                 const GridPlan& plan, const Rates& rates) {
  std::vector<LogGrid::Cell> cells;
  std::vector<double> logs;
  for (const Sample* sample : samples) {
    const double us = form_us(form, sample->load.work, rates);
    if (!(us > 0.0)) return fail("no sum of its work over rates is above 0 for all points");
    cells.push_back(plan.grid.cell(sample->load.at()));
    logs.push_back(std::log(sample->us / us));
  }
  HEADROOM_TRY(const auto values, fit_grid(plan.grid, cells, logs, plan.smoothing));
  constexpr double kMost = profile::kMostCorrection;
  std::vector<std::int16_t> out;
  for (const double value : values) {
    const double thousandths = std::clamp(std::round(1000.0 * value), -kMost, kMost);
    out.push_back(static_cast<std::int16_t>(thousandths));
  }
  return out;
}

/// Whether a knot has at least half of a point around it.
std::vector<bool> measured_knots(const Samples& samples, const LogGrid& grid) {
  std::vector<double> points(grid.size(), 0.0);
  for (const Sample* sample : samples) {
    const LogGrid::Cell cell = grid.cell(sample->load.at());
    for (const LogGrid::Share& share : cell.knots()) points[share.knot] += share.weight;
  }
  std::vector<bool> out;
  out.reserve(points.size());
  for (const double weight : points) out.push_back(weight >= 0.5);
  return out;
}

/// Form and correction, without errors.
Result<FittedTime> fit_to(const SampleSet& set, const Samples& samples, const GridPlan& plan,
                          const Rates& rates) {
  FittedTime out;
  out.key = set.key;
  out.implementation = set.implementation;
  out.fitted_to = set.source;
  HEADROOM_TRY(out.form, fit_form(samples, rates));
  out.grid = plan.grid;
  HEADROOM_TRY(out.correction, fit_correction(samples, out.form, plan, rates));
  out.measured = measured_knots(samples, plan.grid);
  return out;
}

/// Measured over predicted, of each sample that was left out, by the fit of the others.
struct LeftOut {
  const SampleSet& set;
  const GridPlan& plan;
  const Rates& rates;

  [[nodiscard]] Result<std::vector<double>> ratios(const Folds& folds) const {
    std::vector<double> out;
    for (std::size_t fold = 0; fold < folds.count; ++fold) {
      Samples others;
      Samples left_out;
      for (std::size_t i = 0; i < set.samples.size(); ++i) {
        (folds.of[i] == fold ? left_out : others).push_back(&set.samples[i]);
      }
      HEADROOM_TRY(const FittedTime fit, fit_to(set, others, plan, rates));
      for (const Sample* sample : left_out) {
        out.push_back(sample->us / fit.estimate(sample->load, rates).us);
      }
    }
    return out;
  }
};

struct Judgement {
  FitErrors errors;
  Spread spread;
};

/// Of the folds by shape and those by family the larger errors and the wider spread. Counts and
/// bias are those of the folds with the larger median.
Result<Judgement> judge(const LeftOut& left_out) {
  const auto judged_by = [&](const Folds& folds) -> Result<Judgement> {
    HEADROOM_TRY(const auto ratios, left_out.ratios(folds));
    return Judgement{errors_of(ratios, folds), spread_of(ratios)};
  };
  HEADROOM_TRY(const Judgement by_shape, judged_by(folds_by_shape(left_out.set.samples)));
  const Folds families = folds_by_family(left_out.set.samples);
  if (families.count < 3) return by_shape;
  HEADROOM_TRY(const Judgement by_family, judged_by(families));
  const FitErrors& a = by_shape.errors;
  const FitErrors& b = by_family.errors;
  Judgement out{a.median_percent >= b.median_percent ? a : b,
                widest(by_shape.spread, by_family.spread)};
  out.errors.p90_percent = std::max(a.p90_percent, b.p90_percent);
  return out;
}

}  // namespace

Result<FittedTime> fit_kernel(const SampleSet& set, const GpuType& gpu) {
  if (set.samples.size() < kFewestSamples) {
    return fail(fmt::format("{}; at least {} are needed",
                            profile::counted(set.samples.size(), "point"), kFewestSamples));
  }
  HEADROOM_TRY(const GridPlan plan, grid_plan(set.key, set.samples));
  const Rates rates = rates_of(gpu, set.key.type);
  Samples all;
  for (const Sample& sample : set.samples) all.push_back(&sample);
  HEADROOM_TRY(FittedTime out, fit_to(set, all, plan, rates));

  const LeftOut left_out{set, plan, rates};
  HEADROOM_TRY(const Judgement judged, judge(left_out));
  out.errors = judged.errors;
  out.inside = judged.spread;
  std::vector<double> works;
  for (const Sample* sample : all) works.push_back(form_us(out.form, sample->load.work, rates));
  HEADROOM_TRY(const auto at_edge, left_out.ratios(fold_of_most(works)));
  out.outside = widest(out.inside, spread_of(at_edge));
  return out;
}

}  // namespace headroom::profile_fit
