#include "bench/attention/summary.hpp"

#include "sim/core/random.hpp"
#include "tests/catch.hpp"

#include <boost/random/lognormal_distribution.hpp>

#include <cmath>

namespace headroom::bench {
namespace {

TEST_CASE("a summary by hand") {
  const Summary five = summarize({5.0, 1.0, 4.0, 2.0, 3.0});
  CHECK(five.n == 5);
  CHECK(five.median == 3.0);
  CHECK(five.mean == Approx(3.0));
  CHECK(five.stdev == Approx(std::sqrt(2.5)));
  CHECK(five.min == 1.0);
  CHECK(five.p25 == 2.0);
  CHECK(five.p75 == 4.0);
  CHECK(five.p05 == Approx(1.2));
  // Five lie on one side of the median with a chance of 1/16: no interval inside them is that sure.
  CHECK(five.median_ci95 == std::pair(1.0, 5.0));
  const Summary one = summarize({7.0});
  CHECK(one.stdev == 0.0);
  CHECK(one.median_ci95 == std::pair(7.0, 7.0));
}

TEST_CASE("the interval leaves out what the binomial distribution says") {
  // Of 15 samples three or fewer lie below the median with a chance of 576 / 32768, 1.8 %, four or
  // fewer with 5.9 %: the fourth from either end bounds it.
  std::vector<double> times;
  for (int i = 1; i <= 15; ++i) times.push_back(i);
  CHECK(summarize(times).median_ci95 == std::pair(4.0, 12.0));
}

TEST_CASE("the interval holds the median as often as it says, skewed as the times may be") {
  RandomStream random = random_stream(1, "times");
  boost::random::lognormal_distribution<double> draw(0.0, 1.0);  // its median is 1
  for (const int samples : {6, 15, 40, 100}) {
    int held = 0;
    constexpr int kTrials = 2000;
    for (int trial = 0; trial < kTrials; ++trial) {
      std::vector<double> times;
      times.reserve(static_cast<std::size_t>(samples));
      for (int i = 0; i < samples; ++i) times.push_back(draw(random));
      const auto [low, high] = summarize(times).median_ci95;
      if (low <= 1.0 && high >= 1.0) ++held;
    }
    INFO(samples << " samples, held in " << held << " of " << kTrials);
    CHECK(held >= kTrials * 94 / 100);  // 95 % less two standard deviations of so many trials
  }
}

}  // namespace
}  // namespace headroom::bench
