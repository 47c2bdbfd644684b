#include "sim/core/assert.hpp"
#include "study/study.hpp"
#include "tests/catch.hpp"

#include <cmath>
#include <vector>

using namespace headroom;

TEST_CASE("one value has a mean and no interval") {
  const auto [mean, half_width] = mean_and_half_width({42.0});
  CHECK(mean == 42.0);
  CHECK_FALSE(half_width.has_value());
}

TEST_CASE("the half width of five values is t(4) = 2.776 times the standard error") {
  // 1..5: s = sqrt(2.5), standard error sqrt(0.5) = 0.70711.
  const auto [mean, half_width] = mean_and_half_width({1, 2, 3, 4, 5});
  CHECK(mean == Approx(3.0));
  CHECK(*half_width == Approx(2.7764451 * 0.70710678).epsilon(1e-7));
}

TEST_CASE("the half width of two values is t(1) = 12.706 times half their distance") {
  const auto [mean, half_width] = mean_and_half_width({10, 20});
  CHECK(mean == Approx(15.0));
  CHECK(*half_width == Approx(12.7062047 * 5.0).epsilon(1e-7));
}

TEST_CASE("the half width of ten and of thirty values uses their degrees of freedom") {
  const auto alternating = [](int n) {
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) values.push_back(i % 2 == 0 ? -1.0 : 1.0);
    return *mean_and_half_width(values).second;
  };
  // s = sqrt(n / (n - 1)), so s / sqrt(n) = 1 / sqrt(n - 1).
  CHECK(alternating(10) == Approx(2.2621572 / 3.0).epsilon(1e-7));
  CHECK(alternating(30) == Approx(2.0452296 / std::sqrt(29.0)).epsilon(1e-7));
}

TEST_CASE("equal values have an interval of no width") {
  const auto [mean, half_width] = mean_and_half_width({7, 7, 7});
  CHECK(mean == Approx(7.0));
  CHECK(*half_width == Approx(0.0).margin(1e-12));
}

TEST_CASE("the mean of nothing is a fault") { CHECK_THROWS_AS(mean_and_half_width({}), Fault); }
