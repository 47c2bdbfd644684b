// Placements pay for their links: ranking, devices, cost and the figure of a run.

#include "sim/observe/metrics.hpp"
#include "sim/plan/link_view.hpp"
#include "tests/fixtures.hpp"

#include <algorithm>
#include <bit>

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr std::int64_t kGB = 1'000'000'000;
constexpr GpuTypeId kType{0};

Link nvlink(std::int64_t gb_s) { return {gb_s * kGB, Transport::nvlink}; }
Link pcie(std::int64_t gb_s) { return {gb_s * kGB, Transport::pcie}; }
Link network(std::int64_t gb_s) { return {gb_s * kGB, Transport::network}; }

/// Nodes of these links and so many A100 each, one of every entry.
ClusterSpec a100_nodes(const std::vector<std::pair<NodeFabric, int>>& nodes) {
  ClusterSpec spec;
  const GpuTypeId type = require_value(spec.intern_gpu("A100-80GB", {}));
  for (const auto& [fabric, gpus] : nodes) {
    NodeShape shape;
    shape.gpus.assign(static_cast<std::size_t>(gpus), type);
    shape.links.fabric = fabric;
    shape.links.sockets = fabric == NodeFabric::nvlink_pairs ? 1 : 0;
    spec.nodes.push_back({"n" + std::to_string(spec.nodes.size()), spec.intern_shape(shape), {}});
  }
  return spec;
}

Request asks_for(int tp) {
  Request request = llm_request("a", "meta-llama-3.1-8b");
  llm_of(request).allowed_tp = {tp};
  return request;
}

std::string placed_by(World& world, const std::string& policy, const Request& request) {
  const auto placer = make_policy(world, policy);
  const Decision decision = world.ask(*placer, request);
  const auto* place = std::get_if<Place>(&decision);
  if (place == nullptr) return "none";
  Placement placement;
  placement.holdings = world.take(request, place->layout);
  return where(placement);
}

void hold(World& world, NodeId node, std::vector<int> devices) {
  const NodeHolding holding{node, std::move(devices), {kWholeGpu, kGiB}, 0, 0};
  world.cluster.take(std::span(&holding, 1));
}

double value_of(const Metrics& metrics, const std::string& key) {
  for (const MetricValue& value : metrics.values()) {
    if (value.key == key) return value.value;
  }
  FAIL("there is no figure '" << key << "'");
  return 0.0;
}

}  // namespace

TEST_CASE("the same sizes over better and worse links are plans of their own", "[links]") {
  World world(a100_nodes({{NodeFabric::nvlink_pairs, 4}}));
  const std::vector<LinkChoice> two = world.plans.links().choices(kType, {2, 1}, true);
  REQUIRE(two.size() == 2);
  CHECK(two[0].least == 300 * kGB);
  CHECK(two[0].links.tensor.rate == 300 * kGB);
  CHECK(two[1].least == 0);
  CHECK(two[1].links.tensor.rate == 32 * kGB);
  // Four GPUs hang together over PCIe alone; two stages of one pair each hand over through it.
  REQUIRE(world.plans.links().choices(kType, {4, 1}, true).size() == 1);
  CHECK(world.plans.links().choices(kType, {4, 1}, true)[0].links.tensor.rate == 32 * kGB);
  CHECK(world.plans.links().choices(kType, {2, 2}, true)[0].links ==
        GroupLinks{nvlink(300), pcie(32)});
  CHECK(world.plans.links().choices(kType, {2, 3}, true).empty());
  // Several nodes: there is one, until there is another.
  CHECK(world.plans.links().choices(kType, {2, 2}, false).empty());
  World two_nodes(a100_nodes({{NodeFabric::nvlink_pairs, 4}, {NodeFabric::nvlink_pairs, 4}}));
  CHECK(two_nodes.plans.links().choices(kType, {2, 2}, false)[0].links ==
        GroupLinks{nvlink(300), plain_network()});
  const auto& plans = world.plans.plans(world.intern(asks_for(2)));
  const auto on_pair = std::find_if(plans.begin(), plans.end(), [](const RankedPlan& p) {
    return p.plan.gpus() == 2 && p.over.least > 0;
  });
  const auto over_pcie = std::find_if(plans.begin(), plans.end(), [](const RankedPlan& p) {
    return p.plan.gpus() == 2 && p.over.least == 0;
  });
  REQUIRE(on_pair < over_pcie);
  REQUIRE(over_pcie != plans.end());
  CHECK(on_pair->worth > over_pcie->worth);
}

TEST_CASE("where links are not described there is one choice, at the type's rates", "[links]") {
  World world(a100_nodes({{NodeFabric::uniform, 8}, {NodeFabric::nvswitch, 8}}));
  for (const ParallelPlan plan : {ParallelPlan{1, 1}, ParallelPlan{2, 1}, ParallelPlan{2, 4}}) {
    for (const bool one_node : {true, false}) {
      const auto choices = world.plans.links().choices(kType, plan, one_node);
      REQUIRE(choices.size() == 1);
      CHECK(choices[0].least == 0);
      CHECK(choices[0].links.tensor.rate == 300 * kGB);
      if (plan.pp > 1) {
        CHECK(choices[0].links.stages == (one_node ? nvlink(300) : plain_network()));
      }
    }
  }
}

TEST_CASE("fallback-search takes a whole pair, naive the lowest GPUs", "[links]") {
  {
    World world(a100_nodes({{NodeFabric::nvlink_pairs, 4}}));
    hold(world, NodeId{0}, {0});
    CHECK(placed_by(world, "fallback-search", asks_for(2)) == "n0[2,3]");
  }
  {
    World world(a100_nodes({{NodeFabric::nvlink_pairs, 4}}));
    hold(world, NodeId{0}, {0});
    RoomSearch search(world.cluster, world.intern(asks_for(2)));
    CHECK(search.on_one_node(kType, 2)->devices == std::vector<int>{1, 2});  // as naive asks
  }
  // What is left of a pair goes to whoever needs one GPU.
  World world(a100_nodes({{NodeFabric::nvlink_pairs, 4}}));
  hold(world, NodeId{0}, {2});
  CHECK(placed_by(world, "fallback-search", asks_for(1)) == "n0[3]");
}

TEST_CASE("the node with the better links is taken, the other one when it is full", "[links]") {
  World world(a100_nodes({{NodeFabric::nvlink_pairs, 4}, {NodeFabric::nvswitch, 8}}));
  CHECK(placed_by(world, "fallback-search", asks_for(4)) == "n1[0,1,2,3]");
  CHECK(placed_by(world, "fallback-search", asks_for(4)) == "n1[4,5,6,7]");
  CHECK(placed_by(world, "fallback-search", asks_for(4)) == "n0[0,1,2,3]");
  CHECK(placed_by(world, "fallback-search", asks_for(4)) == "none");
}

TEST_CASE("an undescribed node serves no plan that needs better links than its own", "[links]") {
  ClusterSpec spec;
  GpuType gpu = own_gpu("own", 80 * kGiB);  // PCIe at 100 GB/s
  spec.gpu_types = {gpu};
  NodeShape plain;
  plain.gpus.assign(4, kType);
  NodeShape switched = plain;
  switched.links.fabric = NodeFabric::nvswitch;
  switched.links.nvlink_bandwidth = 400 * kGB;
  spec.nodes.push_back({"n0", spec.intern_shape(plain), {}});
  spec.nodes.push_back({"n1", spec.intern_shape(switched), {}});
  World world(std::move(spec));
  RoomSearch search(world.cluster, world.intern(asks_for(2)));
  const auto node_of = [&](std::int64_t least) {
    const auto part = search.on_one_node(kType, {2, 1}, {least});
    return part ? index(world.cluster.node_class(part->node_class).first_node()) : 99U;
  };
  CHECK(node_of(0) == 0);
  CHECK(node_of(100 * kGB) == 0);
  CHECK(node_of(101 * kGB) == 1);
  CHECK(node_of(401 * kGB) == 99);
  CHECK(search.for_groups(kType, {2, 4}, LinkNeed{0})->size() == 2);
  CHECK_FALSE(search.for_groups(kType, {2, 4}, LinkNeed{400 * kGB}).has_value());
  CHECK(search.for_groups(kType, {2, 2}, LinkNeed{400 * kGB})->size() == 1);
}

TEST_CASE("no plan has room only where links are not asked about", "[links]") {
  // Every pattern of free GPUs of a node with pairs: the audit's question and the blind one agree.
  for (unsigned taken = 0; taken < 256; ++taken) {
    World world(a100_nodes({{NodeFabric::nvlink_cube, 8}}));
    std::vector<int> devices = devices_of(taken);
    if (!devices.empty()) hold(world, NodeId{0}, devices);
    const int free = 8 - std::popcount(taken);
    for (const int tp : {1, 2, 4, 8}) {
      const InternedShape& shape = world.intern(asks_for(tp));
      CHECK(world.plans.find_any_room(world.cluster, shape).has_value() == (free >= tp));
    }
  }
}

TEST_CASE("a placement's links are those of where it lies", "[links]") {
  ClusterSpec spec = a100_nodes({{NodeFabric::nvlink_pairs, 4},
                                 {NodeFabric::nvlink_pairs, 4},
                                 {NodeFabric::nvlink_pairs, 4}});
  spec.network.levels = {{"rack", 50 * kGB, {0, 0}}, {"core", 10 * kGB, {}}};
  spec.nodes[2].leaf = 1;
  World world(std::move(spec));
  const LinkView& links = world.plans.links();
  const auto on = [](std::uint32_t node, std::vector<int> devices) {
    return NodeHolding{static_cast<NodeId>(node), std::move(devices), {}, 0, 0};
  };
  using Holdings = std::vector<NodeHolding>;
  CHECK(links.of(Holdings{on(0, {2, 3})}, kType, {2, 1}).tensor.rate == 300 * kGB);
  CHECK(links.of(Holdings{on(0, {1, 2})}, kType, {2, 1}).tensor.rate == 32 * kGB);
  CHECK(links.of(Holdings{on(0, {0, 1, 2, 3})}, kType, {2, 2}) ==
        GroupLinks{nvlink(300), pcie(32)});
  CHECK(links.of(Holdings{on(0, {0, 1, 2, 3})}, kType, {4, 1}).tensor.rate == 32 * kGB);
  CHECK(links.of(Holdings{on(0, {0, 1}), on(1, {0, 1})}, kType, {2, 2}) ==
        GroupLinks{nvlink(300), network(50)});
  CHECK(links.of(Holdings{on(0, {0, 1}), on(1, {0, 1}), on(2, {0, 1})}, kType, {2, 3}) ==
        GroupLinks{nvlink(300), network(10)});
  CHECK(links.worst(Holdings{on(0, {3})}, kType).rate == kNoLink);
  CHECK(links.worst(Holdings{on(0, {0, 1}), on(1, {0, 1})}, kType) ==
        Link{50 * kGB, Transport::network});
  CHECK(links.best_for(kType, 1).rate == kNoLink);
  CHECK(links.best_for(kType, 2).rate == 300 * kGB);
  CHECK(links.best_for(kType, 4).rate == 32 * kGB);
  // More than a node: four on each of two nodes of a rack, so over PCIe; two on each would need
  // four nodes, and there are three. Two on each of three nodes are joined by the core.
  CHECK(links.best_for(kType, 8).rate == 32 * kGB);
  CHECK(links.best_for(kType, 9).rate == 10 * kGB);
  CHECK(links.best_for(kType, 6).rate == 32 * kGB);
}

TEST_CASE("stages that meet higher in the network cost tokens per second", "[links]") {
  const Model model = *require_value(find_model("meta-llama-3.1-8b"));
  const GpuType gpu = require_value(find_gpu_type("A100-80GB"));
  const auto roofline = make_roofline();
  const auto rate = [&](GroupLinks links) {
    return roofline->milli_tokens_per_s({model, {}, gpu, {2, 2}, links});
  };
  CHECK(rate({nvlink(300), nvlink(300)}) > rate({nvlink(300), network(50)}));
  CHECK(rate({nvlink(300), network(50)}) > rate({nvlink(300), network(5)}));
  CHECK(rate({nvlink(300), network(50)}) > rate({pcie(32), network(50)}));
}

TEST_CASE("links of a run are those of its groups over the best there are, by GPU time",
          "[links]") {
  World world(a100_nodes({{NodeFabric::nvlink_pairs, 4}}));
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  // b gets GPUs 1 and 2 over PCIe, 32 of 300 GB/s, for an hour; c the pair 0-1 for three hours.
  (void)run(world, "first-fit",
            {opaque_request("a", 1, 0, 3600), opaque_request("b", 2, 0, 3600),
             opaque_request("c", 2, 3600, 3 * 3600)},
            setup);
  const double worse = 32.0 / 300.0;
  CHECK(value_of(metrics, "link_bandwidth") == Approx(100 * (2 * worse + 6) / 8).epsilon(1e-5));
  CHECK(value_of(metrics, "useful_gpu_hours") == Approx(9.0));
}
