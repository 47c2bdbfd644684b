#include "study/profile_fit/folds.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/quantile.hpp"
#include "study/profile/fits_io.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

namespace headroom::profile_fit {
namespace {

constexpr std::size_t kFolds = 5;

/// FNV-1a over the numbers' bytes, the lowest first: the same everywhere.
std::uint64_t hash_of(const Shape& shape) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::int64_t number : shape) {
    for (unsigned byte = 0; byte < 8; ++byte) {
      hash ^= (static_cast<std::uint64_t>(number) >> (8 * byte)) & 0xFFU;
      hash *= 0x100000001b3U;
    }
  }
  return hash;
}

double to_thousandths(double value) { return std::round(1000.0 * value) / 1000.0; }

/// Each shape's fold.
std::map<Shape, std::size_t> assigned(const std::vector<Shape>& shapes) {
  std::map<Shape, std::size_t> out;
  for (const Shape& shape : shapes) out[shape] = 0;
  std::vector<std::pair<std::uint64_t, Shape>> order;
  order.reserve(out.size());
  for (const auto& [shape, fold] : out) order.emplace_back(hash_of(shape), shape);
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) out[order[i].second] = i % kFolds;
  return out;
}

}  // namespace

Folds folds_by_shape(std::span<const Sample> samples) {
  std::vector<Shape> shapes;
  for (const Sample& sample : samples) shapes.push_back(sample.shape);
  std::map<Shape, std::size_t> folds = assigned(shapes);
  Folds out;
  out.shapes = static_cast<std::int64_t>(folds.size());
  if (folds.size() == 1) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      shapes[i].push_back(static_cast<std::int64_t>(i));
    }
    folds = assigned(shapes);
  }
  out.count = std::min(folds.size(), kFolds);
  for (const Shape& shape : shapes) out.of.push_back(folds.at(shape));
  return out;
}

Folds folds_by_family(std::span<const Sample> samples) {
  std::map<std::int64_t, std::size_t> families;
  for (const Sample& sample : samples) families[sample.family] = 0;
  Folds out;
  for (auto& [family, fold] : families) fold = out.count++;
  out.shapes = static_cast<std::int64_t>(out.count);
  for (const Sample& sample : samples) out.of.push_back(families.at(sample.family));
  return out;
}

Folds fold_of_most(std::span<const double> works) {
  std::vector<std::size_t> order(works.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return works[a] > works[b]; });
  Folds out;
  out.count = 1;
  out.of.assign(works.size(), 1);
  const std::size_t tenth = std::max<std::size_t>(works.size() / 10, 1);
  for (std::size_t i = 0; i < tenth; ++i) out.of[order[i]] = 0;
  return out;
}

FitErrors errors_of(std::span<const double> ratios, const Folds& folds) {
  HEADROOM_ASSERT(!ratios.empty(), "errors of nothing");
  std::vector<double> signed_percent;
  std::vector<double> percent;
  for (const double ratio : ratios) {
    signed_percent.push_back(100.0 * (ratio - 1.0));
    percent.push_back(std::abs(signed_percent.back()));
  }
  std::sort(signed_percent.begin(), signed_percent.end());
  std::sort(percent.begin(), percent.end());
  return {static_cast<std::int64_t>(ratios.size()), folds.shapes,
          static_cast<std::int64_t>(folds.count),   to_thousandths(quantile(percent, 0.5)),
          to_thousandths(quantile(percent, 0.9)),   to_thousandths(quantile(signed_percent, 0.5))};
}

Spread spread_of(std::span<const double> ratios) {
  HEADROOM_ASSERT(!ratios.empty(), "a spread of nothing");
  std::vector<double> sorted(ratios.begin(), ratios.end());
  std::sort(sorted.begin(), sorted.end());
  // A prediction lies in its own interval, and no end of one is 0.
  return {std::clamp(to_thousandths(quantile(sorted, 0.05)), 1e-3, 1.0),
          std::clamp(to_thousandths(quantile(sorted, 0.95)), 1.0, profile::kMostCoefficient)};
}

}  // namespace headroom::profile_fit
