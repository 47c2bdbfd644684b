#include "sim/core/nearest.hpp"

#include "tests/support.hpp"

#include <algorithm>
#include <vector>

using namespace headroom;

namespace {

const std::vector<std::string> kKeys{"policies", "nodes", "tp", "utilisation", "trace"};

}  // namespace

TEST_CASE("the nearest name is found for a slip of any kind") {
  CHECK(nearest_name("polices", kKeys) == "policies");         // left out
  CHECK(nearest_name("policiess", kKeys) == "policies");       // too many
  CHECK(nearest_name("ndoes", kKeys) == "nodes");              // swapped
  CHECK(nearest_name("utilization", kKeys) == "utilisation");  // replaced
  CHECK(nearest_name("TRACE", kKeys) == "trace");
  CHECK(nearest_name("pt", kKeys) == "tp");
}

TEST_CASE("nothing is suggested when nothing is near") {
  CHECK(nearest_name("colour", kKeys).empty());
  CHECK(nearest_name("", kKeys).empty());
  CHECK(nearest_name("x", std::vector<std::string>{"a"}).empty());  // no letter shared
  CHECK(nearest_name("nodes", {}).empty());
  CHECK(nearest_name(std::string(1 << 20, 'a'), kKeys).empty());
}

TEST_CASE("a third of the name may differ and no more") {
  const std::vector<std::string> names{"abcdef"};
  CHECK(nearest_name("abcdxy", names) == "abcdef");
  CHECK(nearest_name("abcxyz", names).empty());
}

TEST_CASE("of equally near names the first is taken") {
  const std::vector<std::string> names{"card", "cart", "care"};
  CHECK(nearest_name("carp", names) == "card");
  CHECK(nearest_name("cart", names) == "cart");
}

TEST_CASE("a suggestion names the nearest or lists what is known") {
  CHECK(suggest("polices", kKeys) == "did you mean 'policies'?");
  CHECK(suggest("colour", kKeys) == "known: policies, nodes, tp, utilisation, trace");
  CHECK(suggest("colour", {}) == "none are known");
  const std::vector<std::string> many(15, "name");
  const std::string text = suggest("colour", many);
  CHECK(std::count(text.begin(), text.end(), ',') == 11);
  CHECK(text.ends_with("and 3 more"));
}
