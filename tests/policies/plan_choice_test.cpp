// What "best" may mean, by hand on few GPUs: made-up plans with made-up worths.

#include "tests/policies/decision.hpp"
#include "tests/policies/made_up_plans.hpp"

#include <algorithm>
#include <string>

using namespace headroom;
using namespace headroom::test;

namespace {

std::string preferring(World& world, const std::string& prefer, const Request& request) {
  return decision(world, *make_policy(world, "fallback-search", "prefer = \"" + prefer + "\""),
                  request);
}

}  // namespace

TEST_CASE("by worth the best plan goes where it leaves least idle") {
  MadeUp made({{"small", 2}, {"small", 4}}, {{{1, 1}, 100}, {{2, 1}, 90}});
  CHECK(preferring(made.world, "worth", made.request()) == "TP 1 x PP 1 on n0[0]");
}

TEST_CASE("least-stranded takes the plan that fills its node") {
  MadeUp made({{"small", 2}, {"small", 4}}, {{{1, 1}, 100}, {{2, 1}, 90}});
  CHECK(preferring(made.world, "least-stranded", made.request()) == "TP 2 x PP 1 on n0[0,1]");
  occupy(made.world, 1, {0, 1, 2});  // one GPU is left there: both plans can leave nothing idle
  CHECK(preferring(made.world, "least-stranded", made.request()) == "TP 1 x PP 1 on n1[3]");
}

TEST_CASE("fewest-nodes takes one node, whatever the other plans are worth") {
  MadeUp made({{"small", 2, 2}}, {{{1, 4}, 100}, {{2, 1}, 10}});
  CHECK(preferring(made.world, "worth", made.request()) == "TP 1 x PP 4 on n0[0,1]+n1[0,1]");
  CHECK(preferring(made.world, "fewest-nodes", made.request()) == "TP 2 x PP 1 on n0[0,1]");
}

TEST_CASE("spread puts the best plan on the node with the most idle GPUs") {
  MadeUp made({{"small", 2}, {"small", 4}, {"small", 3}}, {{{1, 1}, 100}, {{2, 1}, 90}});
  CHECK(preferring(made.world, "spread", made.request()) == "TP 1 x PP 1 on n1[0]");
  occupy(made.world, 1, {0, 1});
  CHECK(preferring(made.world, "spread", made.request()) == "TP 1 x PP 1 on n2[0]");
}

TEST_CASE("weights-on-node takes the best plan where the weights are") {
  MadeUp made({{"small", 2, 3}}, {{{1, 2}, 100}, {{2, 1}, 90}});
  const auto placer = make_policy(made.world, "fallback-search", "prefer = \"weights-on-node\"");
  REQUIRE(placer->reads_weights());
  const Request request = made.request();
  const auto ask = [&](std::vector<NodeId> weights_on) {
    const PlacementRequest asked{
        made.world.intern(request), request.arrival, {}, {}, {}, weights_on};
    const Decision answer = placer->place(asked, made.world.cluster, nullptr);
    Placement placement;
    placement.holdings = made.world.take(request, std::get<Place>(answer).layout);
    made.world.cluster.give_back(placement.holdings);
    return where(placement);
  };
  CHECK(ask({}) == "n0[0,1]");
  CHECK(ask({NodeId{1}, NodeId{2}}) == "n1[0,1]");
  occupy(made.world, 1, {0});  // no room for two there
  CHECK(ask({NodeId{1}, NodeId{2}}) == "n2[0,1]");
  CHECK(ask({NodeId{1}}) == "n0[0,1]");
}

TEST_CASE("an unknown preference is an error that names the known ones") {
  const auto options = require_value(ConfigTable::parse("prefer = \"best\"", "test"));
  MadeUp made({{"small", 1}}, {{{1, 1}, 100}});
  const auto info = require_value(find_policy("fallback-search"));
  (void)info->make(made.world.context(), options);
  REQUIRE_FALSE(options.status());
  CHECK(options.status().error().text().find("fewest-nodes") != std::string::npos);
}
