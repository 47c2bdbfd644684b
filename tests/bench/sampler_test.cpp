#include "bench/attention/sampler.hpp"

#include "sim/core/random.hpp"
#include "tests/catch.hpp"

#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>

#include <cmath>

namespace headroom::bench {
namespace {

/// Times of a launch that takes 100 us, with noise.
class Noise {
 public:
  Noise(double spread, double outliers) : spread_(spread), outliers_(outliers) {}

  double operator()() {
    ++calls;
    if (boost::random::uniform_01<double>()(random_) < outliers_) return 300.0;
    return 100.0 * (1.0 + boost::random::normal_distribution<double>(0.0, spread_)(random_));
  }

  int calls = 0;

 private:
  RandomStream random_ = random_stream(1, "noise");
  double spread_;
  double outliers_;
};

Sampled run(Noise& noise, const StoppingRule& rule = {}) {
  return sample(rule, [&] { return noise(); });
}

TEST_CASE("times that are all the same end with the least number of samples") {
  Noise none(0.0, 0.0);
  const Sampled sampled = run(none);
  CHECK(none.calls == 15);
  CHECK(sampled.settled);
  CHECK(sampled.summary.median == 100.0);
  CHECK(sampled.times.size() == 15);
}

TEST_CASE("more noise takes more samples, and the median is as near as was asked for") {
  Noise little(0.005, 0.0);
  Noise more(0.03, 0.0);
  const Sampled few = run(little);
  const Sampled many = run(more);
  CHECK(few.settled);
  CHECK(many.settled);
  CHECK(little.calls < more.calls);
  CHECK(std::abs(few.summary.median - 100.0) < 1.0);
  CHECK(std::abs(many.summary.median - 100.0) < 2.0);
}

TEST_CASE("a few outliers move the mean and not the median") {
  Noise noise(0.005, 0.1);
  StoppingRule rule;
  rule.least = 100;
  const Sampled sampled = run(noise, rule);
  CHECK(sampled.settled);
  CHECK(std::abs(sampled.summary.median - 100.0) < 1.0);
  CHECK(sampled.summary.mean > 105.0);
}

TEST_CASE("what never settles ends with the most samples, and says so") {
  Noise wild(0.5, 0.2);
  const Sampled sampled = run(wild);
  CHECK(wild.calls == 300);
  CHECK_FALSE(sampled.settled);
}

TEST_CASE("a slow launch is timed until its time is spent, but not too seldom") {
  StoppingRule rule;
  rule.budget_us = 1'000.0;
  Noise noise(0.2, 0.0);
  const Sampled ten = run(noise, rule);
  CHECK(ten.times.size() >= 9);
  CHECK(ten.times.size() <= 12);
  CHECK_FALSE(ten.settled);
  rule.budget_us = 150.0;
  CHECK(run(noise, rule).times.size() == rule.least_slow);
  // Slow and steady: six samples tell.
  Noise none(0.0, 0.0);
  const Sampled steady = run(none, rule);
  CHECK(steady.times.size() == rule.least_slow);
  CHECK(steady.settled);
}

TEST_CASE("stopping when the interval is narrow costs it little of its 95 %") {
  Noise noise(0.03, 0.0);
  constexpr int kRuns = 1000;
  int held = 0;
  int within = 0;
  for (int i = 0; i < kRuns; ++i) {
    const Summary summary = run(noise).summary;
    if (summary.median_ci95.first <= 100.0 && summary.median_ci95.second >= 100.0) ++held;
    if (std::abs(summary.median - 100.0) <= 1.0) ++within;
  }
  INFO("the interval held the median in " << held << ", and was within 1 % of it in " << within);
  CHECK(held >= kRuns * 91 / 100);
  CHECK(within >= kRuns * 91 / 100);
}

}  // namespace
}  // namespace headroom::bench
