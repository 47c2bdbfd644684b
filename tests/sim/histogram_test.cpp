#include "sim/observe/histogram.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/random.hpp"
#include "tests/catch.hpp"

#include <boost/random/uniform_int_distribution.hpp>

#include <algorithm>
#include <limits>
#include <vector>

using namespace headroom;

namespace {

/// The value of rank ceil(q x n), at least 1.
std::int64_t exact_quantile(const std::vector<std::int64_t>& sorted, int per_mille) {
  const std::size_t rank = (sorted.size() * static_cast<std::size_t>(per_mille) + 999) / 1000;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

TEST_CASE("a histogram without values says zero") {
  const DurationHistogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.quantile(500) == Duration(0));
  CHECK(histogram.max() == Duration(0));
  CHECK(histogram.mean() == Duration(0));
}

TEST_CASE("small durations have a bucket each and exact quantiles") {
  DurationHistogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.add(Duration(i));
  CHECK(histogram.quantile(0) == Duration(1));
  CHECK(histogram.quantile(1) == Duration(1));
  CHECK(histogram.quantile(500) == Duration(500));
  CHECK(histogram.quantile(999) == Duration(999));
  CHECK(histogram.quantile(1000) == Duration(1000));
  CHECK(histogram.mean() == Duration(500));  // 500.5, rounded down
  CHECK(histogram.count() == 1000);
}

TEST_CASE("one value is every quantile of itself") {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{1023}, std::int64_t{1024}, std::int64_t{1'234'567'890'123},
        std::numeric_limits<std::int64_t>::max()}) {
    DurationHistogram histogram;
    histogram.add(Duration(value));
    CHECK(histogram.quantile(1) == Duration(value));
    CHECK(histogram.quantile(990) == Duration(value));
    CHECK(histogram.max() == Duration(value));
    CHECK(histogram.mean() == Duration(value));
  }
}

TEST_CASE("quantiles of random durations are at most 0.1 percent above the true ones") {
  RandomStream random = random_stream(11, "histogram test");
  for (const int bits : {12, 25, 40, 62}) {
    DurationHistogram histogram;
    std::vector<std::int64_t> values;
    Int128 sum = 0;
    for (int i = 0; i < 5000; ++i) {
      // About uniform in the logarithm, so that every octave is met.
      const auto width = boost::random::uniform_int_distribution<int>(0, bits)(random);
      const auto top = (std::int64_t{1} << width) - 1;
      values.push_back(boost::random::uniform_int_distribution<std::int64_t>(0, top)(random));
      sum += values.back();
      histogram.add(Duration(values.back()));
    }
    std::sort(values.begin(), values.end());
    for (const int q : {1, 10, 100, 250, 500, 750, 900, 990, 999, 1000}) {
      INFO(bits << " bits, quantile " << q);
      const std::int64_t exact = exact_quantile(values, q);
      const std::int64_t got = histogram.quantile(q).count();
      CHECK(got >= exact);
      CHECK(got - exact <= exact / 1000);
    }
    CHECK(histogram.max().count() == values.back());
    CHECK(histogram.mean().count() == static_cast<std::int64_t>(sum / 5000));
  }
}

TEST_CASE("a negative duration is a fault") {
  DurationHistogram histogram;
  CHECK_THROWS_AS(histogram.add(Duration(-1)), Fault);
}
