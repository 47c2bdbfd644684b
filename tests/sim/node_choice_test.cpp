// Which nodes a layout gets: the lowest ids, or those that meet lowest in the network.

#include "sim/run/node_choice.hpp"

#include "tests/fixtures.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr std::int64_t kGB = 1'000'000'000;

/// Eight nodes of two L4; by rack 0, 1 | 2, 3, 4 | 5, 6, 7; the first two racks are one row.
ClusterSpec three_racks() {
  ClusterSpec spec = cluster_of({{"L4", 2, 8, 8'000, 64 * kGiB}});
  spec.network.levels = {
      {"rack", 50 * kGB, {0, 0, 1}}, {"row", 25 * kGB, {0, 0}}, {"core", 5 * kGB, {}}};
  const std::vector<std::uint32_t> racks = {0, 0, 1, 1, 1, 2, 2, 2};
  for (std::size_t i = 0; i < racks.size(); ++i) spec.nodes[i].leaf = racks[i];
  return spec;
}

class Choice {
 public:
  Choice() : world_(three_racks()) {}

  void hold(std::uint32_t node, std::vector<int> devices) {
    const NodeHolding holding{
        static_cast<NodeId>(node), std::move(devices), {kWholeGpu, kGiB}, 0, 0};
    world_.cluster.take(std::span(&holding, 1));
  }
  [[nodiscard]] PlacementPart part(std::uint32_t node, int nodes) const {
    return {world_.cluster.class_of(static_cast<NodeId>(node)).id, {0}, nodes};
  }
  [[nodiscard]] std::string of(std::vector<PlacementPart> parts, bool together) const {
    Layout layout;
    layout.parts = std::move(parts);
    layout.together = together;
    const auto nodes = choose_nodes(world_.cluster, layout);
    if (!nodes) return nodes.error().message;
    std::string out;
    for (const NodeId node : *nodes) out += (out.empty() ? "" : " ") + std::to_string(index(node));
    return out;
  }
  World& world() { return world_; }

 private:
  World world_;
};

}  // namespace

TEST_CASE("nodes together come from the smallest group that has enough", "[links]") {
  Choice choice;
  CHECK(choice.of({choice.part(0, 2)}, true) == "0 1");
  CHECK(choice.of({choice.part(0, 3)}, true) == "2 3 4");
  CHECK(choice.of({choice.part(0, 4)}, true) == "0 1 2 3");  // no rack has four; the first row has
  CHECK(choice.of({choice.part(0, 6)}, true) == "0 1 2 3 4 5");
  CHECK(choice.of({choice.part(0, 9)}, true) == "the class has not so many nodes");
  choice.hold(1, {0, 1});
  choice.hold(2, {0, 1});
  // Free are 0 | 3, 4 | 5, 6, 7.
  CHECK(choice.of({choice.part(0, 2)}, false) == "0 3");
  CHECK(choice.of({choice.part(0, 2)}, true) == "3 4");
  CHECK(choice.of({choice.part(0, 3)}, true) == "5 6 7");
}

TEST_CASE("nodes of several classes come from one group that has them all", "[links]") {
  Choice choice;
  choice.hold(3, {0});
  choice.hold(6, {0});
  choice.hold(7, {0});
  // Whole: 0, 1, 2, 4, 5; half: 3, 6, 7. The last rack has one whole and two halves.
  CHECK(choice.of({choice.part(0, 1), choice.part(3, 1)}, false) == "0 3");
  CHECK(choice.of({choice.part(0, 1), choice.part(3, 1)}, true) == "2 3");
  CHECK(choice.of({choice.part(3, 2), choice.part(0, 1)}, true) == "6 7 5");
  CHECK(choice.of({choice.part(3, 1), choice.part(0, 1), choice.part(3, 1)}, true) == "6 5 7");
  CHECK(choice.of({choice.part(0, 3), choice.part(3, 1)}, true) == "0 1 2 3");
}

TEST_CASE("a search takes a whole rack rather than the lowest ids", "[links]") {
  Choice choice;
  choice.hold(0, {0, 1});
  choice.hold(2, {0, 1});
  choice.hold(3, {0, 1});
  Request request = llm_request("a", "qwen3-32b");  // 66 GB: four of 24
  llm_of(request).allowed_tp = {2};
  const auto placer = make_policy(choice.world(), "fallback-search");
  const Decision decision = choice.world().ask(*placer, request);
  const auto* place = std::get_if<Place>(&decision);
  REQUIRE(place != nullptr);
  Placement placement;
  placement.holdings = choice.world().take(request, place->layout);
  CHECK(where(placement) == "n5[0,1]+n6[0,1]");
}
