// Values of a grid from samples: smooth where there are few, and tame where there are none.

#include "study/profile_fit/smooth_grid.hpp"

#include "tests/catch.hpp"
#include "tests/support.hpp"

#include <cmath>
#include <functional>

using namespace headroom;
using profile_fit::fit_grid;
using profile_fit::Smoothing;

namespace {

using Function = std::function<double(double, double)>;

struct Place {
  double x = 1.0;
  double y = 1.0;
};

LogGrid grid_of(std::vector<double> x, std::vector<double> y) {
  return test::require_value(LogGrid::make({{"x", std::move(x)}, {"y", std::move(y)}}));
}

std::vector<double> fitted(const LogGrid& grid, const std::vector<Place>& places,
                           const Function& value, const Smoothing& smoothing) {
  std::vector<LogGrid::Cell> cells;
  std::vector<double> values;
  for (const Place& at : places) {
    cells.push_back(grid.cell(std::array{at.x, at.y}));
    values.push_back(value(at.x, at.y));
  }
  return test::require_value(fit_grid(grid, cells, values, smoothing));
}

double at(const LogGrid& grid, const std::vector<double>& values, double x, double y) {
  double out = 0.0;
  const LogGrid::Cell cell = grid.cell(std::array{x, y});
  for (const LogGrid::Share& share : cell.knots()) out += share.weight * values[share.knot];
  return out;
}

const Smoothing kWeak{{1e-3, 1e-3}, 0.0, 1e-9};

}  // namespace

TEST_CASE("a plane in the logarithms is found, between uneven knots and beyond the samples") {
  const LogGrid grid = grid_of({1, 2, 8, 16, 64, 512}, {1, 4, 8});
  const Function plane = [](double x, double y) { return 1.0 + 0.5 * std::log2(x) - std::log2(y); };
  std::vector<Place> places;
  for (const double x : {1.0, 3.0, 5.0, 11.0, 20.0, 60.0}) {
    for (const double y : {1.0, 3.0, 7.0}) places.push_back({x, y});
  }
  const auto values = fitted(grid, places, plane, kWeak);
  for (const double x : {1.0, 2.5, 10.0, 64.0, 512.0}) {
    for (const double y : {1.0, 2.0, 8.0}) {
      CHECK(at(grid, values, x, y) == Approx(plane(x, y)).margin(1e-3));
    }
  }
}

TEST_CASE("knots without samples lie between their neighbours, and beyond all they fade") {
  const LogGrid grid = grid_of({1, 2, 4, 8, 16, 32, 64, 128, 256}, {1});
  const Function line = [](double x, double) { return x < 8.0 ? 0.1 : 0.3; };
  const std::vector<Place> places = {{1, 1}, {2, 1}, {8, 1}, {16, 1}};
  const Smoothing smoothing{{0.01, 0.01}, 0.0, 1e-4};
  const auto values = fitted(grid, places, line, smoothing);
  CHECK(values[2] > 0.1);
  CHECK(values[2] < 0.3);
  for (std::size_t i = 5; i < values.size(); ++i) CHECK(std::abs(values[i]) < 1.0);

  Smoothing level = smoothing;
  level.slope = 0.01;
  const auto levelled = fitted(grid, places, line, level);
  CHECK(levelled.back() > 0.2);
  CHECK(levelled.back() < 0.35);
}

TEST_CASE("two knots of an axis are drawn together, more are drawn to a line") {
  const LogGrid grid = grid_of({1, 2}, {1, 2, 4});
  const Function value = [](double x, double y) { return x > 1.0 ? 1.0 : std::log2(y); };
  std::vector<Place> places;
  for (const double y : {1.0, 2.0, 4.0}) places.push_back({1.0, y});
  const auto values = fitted(grid, places, value, {{1.0, 1e-6}, 0.0, 1e-9});
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(values[i] == Approx(static_cast<double>(i)).margin(1e-3));
    CHECK(values[i + 3] == Approx(values[i]).margin(1e-3));
  }
}

TEST_CASE("a grid is not fitted to nothing") {
  CHECK_FALSE(fit_grid(grid_of({1, 2}, {1}), {}, {}, kWeak).has_value());
}
