#include "sim/core/random.hpp"
#include "tests/support.hpp"

namespace headroom {

TEST_CASE("a random stream gives the numbers that an independent implementation gives") {
  // FNV-1a, splitmix64 and MT19937-64 written anew in Python; the last was checked against the
  // published first output for seed 5489.
  RandomStream random = random_stream(1, "llm-mapping");
  CHECK(random() == 4815051672475109956U);
  CHECK(random() == 5833870905979932364U);
  CHECK(random_stream(1, "")() == 4334090020907813893U);
}

TEST_CASE("random streams differ by seed and by purpose, and repeat for the same of both") {
  RandomStream one = random_stream(7, "arrivals");
  RandomStream same = random_stream(7, "arrivals");
  CHECK(one == same);
  CHECK_FALSE(one == random_stream(8, "arrivals"));
  CHECK_FALSE(one == random_stream(7, "lifetimes"));
}

}  // namespace headroom
