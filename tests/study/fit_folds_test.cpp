// What is left out together, and the figures of what was left out.

#include "study/profile_fit/folds.hpp"
#include "tests/catch.hpp"

#include <map>

using namespace headroom;
using namespace headroom::profile_fit;

namespace {

Sample sample_of(Shape shape, std::int64_t family = 0) {
  Sample out;
  out.us = 1.0;
  out.shape = std::move(shape);
  out.family = family;
  return out;
}

}  // namespace

TEST_CASE("a shape is left out whole, and folds have equally many shapes") {
  std::vector<Sample> samples;
  for (std::int64_t shape = 0; shape < 23; ++shape) {
    for (int point = 0; point <= shape; ++point) samples.push_back(sample_of({shape, 7}));
  }
  const Folds folds = folds_by_shape(samples);
  CHECK(folds.count == 5);
  CHECK(folds.shapes == 23);
  std::map<Shape, std::size_t> of_shape;
  std::map<std::size_t, int> shapes_of_fold;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto [known, added] = of_shape.emplace(samples[i].shape, folds.of[i]);
    CHECK(known->second == folds.of[i]);
    if (added) ++shapes_of_fold[folds.of[i]];
  }
  for (std::size_t fold = 0; fold < 5; ++fold) CHECK(shapes_of_fold[fold] >= 4);
  CHECK(of_shape.at({0, 7}) == folds_by_shape({samples.data(), samples.size()}).of.front());
}

TEST_CASE("folds are fewer with few shapes, and of points with one") {
  const std::vector<Sample> three = {sample_of({1}), sample_of({2}), sample_of({3}),
                                     sample_of({3})};
  CHECK(folds_by_shape(three).count == 3);
  const std::vector<Sample> one(12, sample_of({4, 2}));
  const Folds folds = folds_by_shape(one);
  CHECK(folds.shapes == 1);
  CHECK(folds.count == 5);
  std::map<std::size_t, int> points;
  for (const std::size_t fold : folds.of) ++points[fold];
  CHECK(points.size() == 5);
}

TEST_CASE("families have a fold each, and the most work is a tenth") {
  const std::vector<Sample> samples = {sample_of({1}, 8), sample_of({2}, 2), sample_of({3}, 8)};
  CHECK(folds_by_family(samples).of == std::vector<std::size_t>{1, 0, 1});
  std::vector<double> works(20, 1.0);
  works[3] = 5.0;
  works[17] = 6.0;
  const Folds most = fold_of_most(works);
  for (std::size_t i = 0; i < works.size(); ++i) CHECK((most.of[i] == 0) == (i == 3 || i == 17));
}

TEST_CASE("errors are of measured over predicted") {
  const std::vector<double> ratios = {1.1, 0.8, 1.0, 1.3, 1.05};
  Folds folds;
  folds.count = 5;
  folds.shapes = 4;
  const FitErrors errors = errors_of(ratios, folds);
  CHECK(errors.points == 5);
  CHECK(errors.shapes == 4);
  CHECK(errors.folds == 5);
  CHECK(errors.median_percent == Approx(10.0));  // of 0, 5, 10, 20, 30
  CHECK(errors.p90_percent == Approx(26.0));
  CHECK(errors.bias_percent == Approx(5.0));  // of -20, 0, 5, 10, 30
  const Spread spread = spread_of(ratios);
  CHECK(spread.low == Approx(0.84));
  CHECK(spread.high == Approx(1.26));
  // Measurements that all lie on one side of the predictions.
  const std::vector<double> slow = {1.2, 1.25, 1.3};
  CHECK(spread_of(slow).low == 1.0);
  const std::vector<double> fast = {1e-5, 2e-5};
  CHECK(spread_of(fast) == Spread{0.001, 1.0});
}
