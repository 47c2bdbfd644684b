// Whole parts of whole numbers, and sums that stay inside int64.

#include "sim/core/whole.hpp"

#include "sim/engine/saturating.hpp"
#include "tests/support.hpp"

#include <limits>

using namespace headroom;

TEST_CASE("division rounds up without overflow") {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  CHECK(divide_up(0, 7) == 0);
  CHECK(divide_up(7, 7) == 1);
  CHECK(divide_up(8, 7) == 2);
  CHECK(divide_up(kMost, 2) == kMost / 2 + 1);
  CHECK(divide_up(kMost, kMost) == 1);
  CHECK(round_up(50'257, 64) == 50'304);
  CHECK(round_up(64, 64) == 64);
  CHECK(round_up(5, 1) == 5);
}

TEST_CASE("sums and products of sizes end at a quarter of the range") {
  CHECK(times(3, 5) == 15);
  CHECK(times(kSaturated, 0) == 0);
  CHECK(times(kSaturated, 2) == kSaturated);
  CHECK(times(kSaturated / 2 + 1, 2) == kSaturated);
  CHECK(plus(kSaturated - 1, 1) == kSaturated);
  CHECK(plus(kSaturated, kSaturated) == kSaturated);
}
