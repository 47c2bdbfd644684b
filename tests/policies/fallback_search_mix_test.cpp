// The look-ahead by hand: four GPUs of price 1, a model S whose best plan is one GPU (TP 2 is worth
// 90 % of it per GPU), and a mix of a model L that needs two.
//
//     E(L, 0) = E(L, 1) = 0,  E(L, 2) = E(L, 3) = 2,000,  E(L, 4) = 4,000
//
// On an idle node of four: S on one GPU gains 1,000 and takes V(4) - V(3) = 2,000, score -1,000; on
// two it gains 0.9 x 1,000 and takes as much: one is taken. With one GPU in use, on one GPU it
// takes V(3) - V(2) = 0, score 1,000. On nodes of two and of three idle GPUs: on the first S takes
// V(2) - V(1) = 2,000, on the second V(3) - V(2) = 0, where best fit takes the first.

#include "policies/parts/mix_value.hpp"
#include "tests/policies/decision.hpp"
#include "tests/policies/made_up_plans.hpp"

#include <string>

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr const char* kSmall = "qwen3-4b";
constexpr const char* kLarge = "qwen3-8b";
constexpr const char* kThree = "qwen3-14b";  // needs three GPUs
constexpr const char* kExpectLarge = "[[expected]]\nmodel = \"qwen3-8b\"\n";

Worths two_models() {
  return {{"", {{{1, 1}, 1'000}, {{2, 1}, 900}}},
          {require_value(find_model(kLarge))->name, {{{2, 1}, 500}}}};
}

std::string next(MadeUp& made, const std::string& policy, const std::string& options,
                 const char* model, bool take) {
  const auto placer = make_policy(made.world, policy, options);
  const Request request = MadeUp::request(model);
  std::string out = decision(made.world, *placer, request);
  const Decision answer = made.world.ask(*placer, request);
  if (const auto* place = std::get_if<Place>(&answer); take && place != nullptr) {
    (void)made.world.take(request, place->layout);
  }
  return out;
}

// How many of these are placed, one after the other.
int placed_in_turn(MadeUp& made, const std::string& policy, const std::string& options,
                   const std::vector<const char*>& models) {
  int count = 0;
  for (const char* model : models) {
    count += next(made, policy, options, model, true).rfind("TP", 0) == 0 ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("what idle GPUs are worth to a mix is as worked out by hand") {
  MadeUp made({{"small", 4}}, two_models());
  ExpectedShape large;
  large.shape = MadeUp::request(kLarge).shape;
  const InternedShape& small = made.world.intern(MadeUp::request(kSmall));
  MixValue value(made.world.context(), {large});
  CHECK(value.of_idle(small, GpuTypeId{0}) == std::vector<std::int64_t>{0, 0, 2'000, 2'000, 4'000});
  // A mix of three parts L and one part S: a quarter of 1,000 n more.
  ExpectedShape other;
  other.shape = MadeUp::request(kSmall).shape;
  large.weight = 3;
  MixValue mixed(made.world.context(), {large, other});
  CHECK(mixed.of_idle(small, GpuTypeId{0}) ==
        std::vector<std::int64_t>{0, 250, 2'000, 2'250, 4'000});
  // Nothing declared: more of the same.
  MixValue same(made.world.context(), {});
  CHECK(same.of_idle(small, GpuTypeId{0}) ==
        std::vector<std::int64_t>{0, 1'000, 2'000, 3'000, 4'000});
}

TEST_CASE("GPUs beyond those of the best plan gain nothing") {
  MadeUp made({{"small", 4}}, two_models());
  CHECK(next(made, "fallback-search", "", kSmall, false) == "TP 1 x PP 1 on n0[0]");
  CHECK(next(made, "fallback-search-mix", "", kSmall, false) == "TP 1 x PP 1 on n0[0]");
  CHECK(next(made, "fallback-search-mix", kExpectLarge, kSmall, false) == "TP 1 x PP 1 on n0[0]");
  occupy(made.world, 0, {0});
  CHECK(next(made, "fallback-search-mix", kExpectLarge, kSmall, false) == "TP 1 x PP 1 on n0[1]");
}

TEST_CASE("the look-ahead takes the GPU that is of no use to the mix") {
  // Best fit takes one of the pair; the mix takes the odd one of three.
  MadeUp made({{"small", 2}, {"small", 3}}, two_models());
  CHECK(next(made, "fallback-search", "", kSmall, false) == "TP 1 x PP 1 on n0[0]");
  CHECK(next(made, "fallback-search-mix", kExpectLarge, kSmall, false) == "TP 1 x PP 1 on n1[0]");
}

TEST_CASE("the look-ahead never places fewer on one node of a mix of two models") {
  for (const auto& order : std::vector<std::vector<const char*>>{{kSmall, kLarge, kSmall, kLarge},
                                                                 {kSmall, kSmall, kSmall, kSmall},
                                                                 {kLarge, kSmall, kLarge},
                                                                 {kLarge, kLarge}}) {
    MadeUp plain({{"small", 4}}, two_models());
    MadeUp ahead({{"small", 4}}, two_models());
    CHECK(placed_in_turn(ahead, "fallback-search-mix", kExpectLarge, order) ==
          placed_in_turn(plain, "fallback-search", "", order));
  }
}

TEST_CASE("the look-ahead takes a slower plan that spares what the mix needs") {
  // Of three GPUs: TP 2 gains 2,000 and takes V(3) - V(1) = 2,000; one GPU gains 0.9 x 2,000 and
  // takes nothing.
  MadeUp made({{"small", 3}}, {{"", {{{1, 1}, 900}, {{2, 1}, 1'000}}},
                               {require_value(find_model(kLarge))->name, {{{2, 1}, 500}}}});
  CHECK(next(made, "fallback-search", "", kSmall, false) == "TP 2 x PP 1 on n0[0,1]");
  CHECK(next(made, "fallback-search-mix", kExpectLarge, kSmall, false) == "TP 1 x PP 1 on n0[0]");
}

TEST_CASE("the look-ahead loses where another mix comes than it was told") {
  Worths worths = two_models();
  worths[require_value(find_model(kThree))->name] = {{{3, 1}, 500}};
  for (const auto& [policy, options, expected] :
       std::vector<std::tuple<std::string, std::string, int>>{
           {"fallback-search", "", 2}, {"fallback-search-mix", kExpectLarge, 1}}) {
    MadeUp made({{"small", 2}, {"small", 3}}, worths);
    CHECK(placed_in_turn(made, policy, options, {kSmall, kThree}) == expected);
  }
}

TEST_CASE("two nodes and a mix of pairs: the look-ahead places one more") {
  for (const auto& [policy, options, expected] :
       std::vector<std::tuple<std::string, std::string, int>>{
           {"fallback-search", "", 2}, {"fallback-search-mix", kExpectLarge, 3}}) {
    MadeUp made({{"small", 2}, {"small", 3}}, two_models());
    CHECK(placed_in_turn(made, policy, options, {kSmall, kLarge, kLarge}) == expected);
  }
}

TEST_CASE("a mix file is read from the folder of the options") {
  const std::string mix = source_path("examples/mixes/odd-heads.toml").string();
  const auto options = require_value(ConfigTable::parse("mix = \"" + mix + "\"", "test"));
  const auto expected = read_expected_mix(options);
  REQUIRE(options.status());
  CHECK(expected.size() > 3);
  const auto missing = require_value(ConfigTable::parse("mix = \"nowhere.toml\"", "test"));
  CHECK(read_expected_mix(missing).empty());
  REQUIRE_FALSE(missing.status());
  CHECK(missing.status().error().text().find("nowhere.toml") != std::string::npos);
}
