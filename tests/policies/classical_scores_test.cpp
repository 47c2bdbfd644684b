// Scores of the classical policies by hand. The largest node has 32 CPUs and 8 GPUs.

#include "policies/classical/node_score.hpp"
#include "tests/policies/decision.hpp"

#include <set>

using namespace headroom;
using namespace headroom::test;

namespace {

struct Bed {
  explicit Bed(const std::vector<Group>& groups)
      : world(cluster_of(groups)), cluster(world.spec, true) {}

  void take(std::uint32_t node, std::vector<int> devices, int milli = kWholeGpu,
            std::int64_t cpu_milli = 0) {
    const NodeHolding what{static_cast<NodeId>(node), std::move(devices), {milli, 0}, cpu_milli, 0};
    cluster.take(std::span(&what, 1));
  }
  [[nodiscard]] NodeAsk ask(int gpus, int milli = kWholeGpu, std::int64_t cpu_milli = 0) {
    Request request = opaque_request("r", gpus, 0, 1, milli);
    request.shape.cpu_milli = cpu_milli;
    return node_ask(world.spec, world.intern(request), GpuTypeId{}, gpus);
  }
  [[nodiscard]] std::int64_t of(NodeScore& score, std::uint32_t node, const NodeAsk& ask) const {
    return score.of(cluster, cluster.class_of(static_cast<NodeId>(node)), ask);
  }
  [[nodiscard]] std::vector<int> devices(NodeScore& score, std::uint32_t node,
                                         const NodeAsk& ask) const {
    return score.devices(cluster, cluster.class_of(static_cast<NodeId>(node)), ask);
  }
  [[nodiscard]] std::unique_ptr<NodeScore> make(MakeNodeScore make_score) {
    return make_score(world.context(), require_value(ConfigTable::parse("", "options")));
  }

  World world;
  Cluster cluster;
};

}  // namespace

TEST_CASE("best-fit, worst-fit and dot-product score what is left of a node") {
  Bed bed({{"L4", 4, 1, 16'000}, {"L4", 8, 1, 32'000}});
  const auto best = bed.make(make_best_fit_score);
  const auto worst = bed.make(make_worst_fit_score);
  const auto product = bed.make(make_dot_product_score);
  // One GPU and 8 CPUs: on n0 8 of 32 CPUs and 3 of 8 GPUs stay, on n1 24 and 7.
  const NodeAsk ask = bed.ask(1, kWholeGpu, 8'000);
  CHECK(bed.of(*best, 0, ask) == 68);     // 100 (1 - (0.25 + 0.375) / 2) = 68.75
  CHECK(bed.of(*best, 1, ask) == 18);     // 100 (1 - (0.75 + 0.875) / 2) = 18.75
  CHECK(bed.of(*worst, 0, ask) == 31);    // 31.25
  CHECK(bed.of(*worst, 1, ask) == 81);    // 81.25
  CHECK(bed.of(*product, 0, ask) == 90);  // 100 (1 - (0.5 x 0.25 + 0.5 x 0.125) / 2) = 90.625
  CHECK(bed.of(*product, 1, ask) == 81);  // 100 (1 - (1 x 0.25 + 1 x 0.125) / 2) = 81.25
  bed.take(1, {0}, 400, 4'000);
  CHECK(bed.of(*best, 1, ask) == 27);  // 100 (1 - (0.625 + 0.825) / 2) = 27.5
}

TEST_CASE("CPU that is not counted counts as much as the largest node has") {
  Bed bed({{"L4", 8, 1, 32'000}, {"L4", 8}});
  const auto best = bed.make(make_best_fit_score);
  const NodeAsk ask = bed.ask(8, kWholeGpu, 32'000);
  CHECK(bed.of(*best, 0, ask) == 100);
  CHECK(bed.of(*best, 1, ask) == 50);
  Bed uncounted({{"L4", 8}});
  const auto alone = uncounted.make(make_best_fit_score);
  CHECK(uncounted.of(*alone, 0, uncounted.ask(8, kWholeGpu, 1'000)) == 100);
}

TEST_CASE("gpu-packing prefers GPUs in use to idle ones of nodes in use to idle nodes") {
  Bed bed({{"L4", 8, 3}, {"L4", 4}});
  const auto score = bed.make(make_gpu_packing_score);
  bed.take(1, {0}, 300);
  bed.take(2, {0, 1});
  CHECK(bed.of(*score, 0, bed.ask(1)) == 25);       // idle node of eight: max(33 - 8, 8)
  CHECK(bed.of(*score, 3, bed.ask(1)) == 29);       // idle node of four
  CHECK(bed.of(*score, 1, bed.ask(1, 500)) == 93);  // 70 % of it is free: 100 - 7
  CHECK(bed.of(*score, 1, bed.ask(1, 800)) == 49);  // takes an idle one
  CHECK(bed.of(*score, 2, bed.ask(4)) == 46);
  CHECK(bed.of(*score, 0, bed.ask(0)) == 0);
  CHECK(bed.devices(*score, 1, bed.ask(1, 500)) == std::vector{0});
  CHECK(bed.devices(*score, 1, bed.ask(1, 800)) == std::vector{1});
}

TEST_CASE("on large nodes too gpu-packing prefers GPUs of nodes in use") {
  Bed bed({{"L4", 64, 2}});
  const auto score = bed.make(make_gpu_packing_score);
  bed.take(1, {0, 1, 2, 3});
  CHECK(bed.of(*score, 0, bed.ask(4)) == 32);
  CHECK(bed.of(*score, 1, bed.ask(4)) == 46);
  CHECK(bed.of(*score, 1, bed.ask(32)) == 33);
}

TEST_CASE("gpu-clustering prefers nodes with the same kind alone, then among others") {
  Bed bed({{"L4", 8, 4}});
  const auto score = bed.make(make_gpu_clustering_score);
  REQUIRE(score->reads_kinds());
  bed.take(1, {0});  // one GPU
  bed.take(2, {0});  // one GPU, and a share
  bed.take(2, {1}, 500);
  bed.take(3, {0, 1});  // two GPUs
  const NodeAsk one = bed.ask(1);
  CHECK(bed.of(*score, 0, one) == 25);      // nothing on it
  CHECK(bed.of(*score, 1, one) == 3 + 75);  // 25 x 1 / 8
  CHECK(bed.of(*score, 2, one) == 4 + 50);  // 25 x 1.5 / 8
  CHECK(bed.of(*score, 3, one) == 6);       // 25 x 2 / 8
  CHECK(bed.of(*score, 2, bed.ask(1, 300)) == 4 + 50);
  CHECK(bed.of(*score, 1, bed.ask(0)) == 0);
  // The last of a kind that leaves takes the kind along.
  const NodeHolding gone{static_cast<NodeId>(1), {0}, {kWholeGpu, 0}, 0, 0};
  bed.cluster.give_back(std::span(&gone, 1));
  CHECK(bed.of(*score, 1, one) == 25);
}

TEST_CASE("kinds are kept only where they are asked for") {
  World world(cluster_of({{"L4", 8, 2}}));
  Cluster without(world.spec);
  Cluster with(world.spec, true);
  const NodeHolding one{static_cast<NodeId>(0), {0}, {500, 0}, 0, 0};
  for (Cluster* cluster : {&without, &with}) {
    cluster->take(std::span(&one, 1));
    cluster->take(std::span(&one, 1));
    const NodeHolding whole{static_cast<NodeId>(1), {0}, {kWholeGpu, 0}, 0, 0};
    cluster->take(std::span(&whole, 1));
  }
  CHECK(without.class_count() == 1);  // the same milli on both
  CHECK(with.class_count() == 2);
  CHECK(with.class_of(static_cast<NodeId>(0)).state.kinds == 1);
  CHECK(with.class_of(static_cast<NodeId>(1)).state.kinds == 2);
  with.give_back(std::span(&one, 1));
  CHECK(with.class_of(static_cast<NodeId>(0)).state.kinds == 1);  // one of two is still there
}

TEST_CASE("buddy cuts the smallest free aligned cell") {
  Bed bed({{"L4", 8}});
  const auto score = bed.make(make_buddy_score);
  CHECK(bed.of(*score, 0, bed.ask(1)) == -8);
  bed.take(0, {0});
  // Free cells: GPU 1, pair 2-3, quad 4-7.
  CHECK(bed.of(*score, 0, bed.ask(1)) == -1);
  CHECK(bed.devices(*score, 0, bed.ask(1)) == std::vector{1});
  CHECK(bed.of(*score, 0, bed.ask(2)) == -2);
  CHECK(bed.devices(*score, 0, bed.ask(2)) == std::vector{2, 3});
  CHECK(bed.devices(*score, 0, bed.ask(3)) == std::vector{4, 5, 6});
  CHECK(bed.of(*score, 0, bed.ask(4)) == -4);
  // Room, but no cell in one piece.
  CHECK(bed.devices(*score, 0, bed.ask(5)) == std::vector{1, 2, 3, 4, 5});
  CHECK(bed.of(*score, 0, bed.ask(5)) < -8);
  // A share goes to a GPU that is shared already.
  CHECK(bed.of(*score, 0, bed.ask(1, 400)) == -1);
  bed.take(0, {5}, 500);
  CHECK(bed.of(*score, 0, bed.ask(1, 400)) == 1);
  CHECK(bed.devices(*score, 0, bed.ask(1, 400)) == std::vector{5});
}

TEST_CASE("the last cell of a node whose GPUs are no power of two is smaller") {
  Bed bed({{"L4", 6}});
  const auto score = bed.make(make_buddy_score);
  CHECK(bed.of(*score, 0, bed.ask(6)) == -6);
  bed.take(0, {0});
  CHECK(bed.of(*score, 0, bed.ask(2)) == -2);  // 2-3 and 4-5 both: the first
  CHECK(bed.devices(*score, 0, bed.ask(2)) == std::vector{2, 3});
}

TEST_CASE("buddy takes a free node from the rack with the fewest like it") {
  ClusterSpec spec = cluster_of({{"L4", 2, 8}});
  spec.network.levels = {{"rack", 1'000'000'000, {0, 0, 0}}, {"core", 1'000'000'000, {}}};
  const std::vector<std::uint32_t> racks = {0, 0, 0, 1, 1, 2, 2, 2};
  for (std::size_t i = 0; i < racks.size(); ++i) spec.nodes[i].leaf = racks[i];
  World world(std::move(spec));
  const auto buddy = make_policy(world, "buddy");
  const auto first = make_policy(world, "first-fit");
  CHECK(decision(world, *first, opaque_request("r", 2)) == "TP 1 x PP 1 on n0[0,1]");
  CHECK(decision(world, *buddy, opaque_request("r", 2)) == "TP 1 x PP 1 on n3[0,1]");
  occupy(world, 6, {0});
  CHECK(decision(world, *buddy, opaque_request("r", 1)) == "TP 1 x PP 1 on n6[1]");
  occupy(world, 5, {0, 1});
  CHECK(decision(world, *buddy, opaque_request("r", 2)) == "TP 1 x PP 1 on n7[0,1]");
  // Several nodes: the rack that is just large enough, and when it is broken the one of three.
  CHECK(decision(world, *first, opaque_request("r", 4)) == "TP 1 x PP 1 on n0[0,1]+n1[0,1]");
  CHECK(decision(world, *buddy, opaque_request("r", 4)) == "TP 1 x PP 1 on n3[0,1]+n4[0,1]");
  occupy(world, 3, {0});
  CHECK(decision(world, *buddy, opaque_request("r", 4)) == "TP 1 x PP 1 on n0[0,1]+n1[0,1]");
  CHECK(decision(world, *buddy, opaque_request("r", 6)) ==
        "TP 1 x PP 1 on n0[0,1]+n1[0,1]+n2[0,1]");
}

TEST_CASE("random draws all nodes with room alike, and any of their devices") {
  World world(cluster_of({{"L4", 2, 5}, {"", 0, 3}}));
  occupy(world, 2, {0, 1});
  const auto placer = make_policy(world, "random");
  const InternedShape& shape = world.intern(opaque_request("r", 1, 0, 1, 500));
  std::map<std::string, int> seen;
  for (std::uint64_t id = 0; id < 4'000; ++id) {
    const PlacementRequest request{shape, SimTime{}, {}, {}, {}, {}, static_cast<RequestId>(id)};
    const Decision answer = placer->place(request, world.cluster, nullptr);
    const Layout& layout = std::get<Place>(answer).layout;
    const auto& part = layout.parts.front();
    REQUIRE(part.node.has_value());
    ++seen[std::to_string(index(*part.node)) + ":" + std::to_string(part.devices.front())];
  }
  CHECK(seen.size() == 8);  // four nodes of two
  for (const auto& [where_to, count] : seen) {
    INFO(where_to);
    CHECK(count > 400);  // 500 expected, standard deviation 21
    CHECK(count < 600);
  }
}

TEST_CASE("random finds the only node with room among many") {
  World world(cluster_of({{"L4", 1, 300}}));
  for (std::uint32_t node = 0; node < 300; ++node) {
    if (node != 123) occupy(world, node, {0});
  }
  for (const std::string policy : {"random", "power-of-d"}) {
    const auto placer = make_policy(world, policy);
    CHECK(decision(world, *placer, opaque_request("r", 1)) == "TP 1 x PP 1 on n123[0]");
  }
}

TEST_CASE("power-of-d takes the least loaded of those it draws") {
  World world(cluster_of({{"L4", 8, 4}}));
  occupy(world, 0, {0, 1, 2, 3});
  occupy(world, 1, {0, 1});
  occupy(world, 2, {0});
  const auto chosen = [&](const std::string& options, std::uint64_t id) {
    const auto placer = make_policy(world, "power-of-d", options);
    const InternedShape& shape = world.intern(opaque_request("r", 1));
    const PlacementRequest request{shape, SimTime{}, {}, {}, {}, {}, static_cast<RequestId>(id)};
    const Decision answer = placer->place(request, world.cluster, nullptr);
    return index(*std::get<Place>(answer).layout.parts.front().node);
  };
  std::map<std::uint32_t, int> of_two;
  for (std::uint64_t id = 0; id < 1'600; ++id) ++of_two[chosen("", id)];
  // Of two draws the fuller only where both are: 1, 3, 5 and 7 of 16.
  CHECK(std::abs(of_two[0] - 100) < 40);
  CHECK(std::abs(of_two[1] - 300) < 65);
  CHECK(std::abs(of_two[2] - 500) < 80);
  CHECK(std::abs(of_two[3] - 700) < 80);
  for (std::uint64_t id = 0; id < 20; ++id) CHECK(chosen("d = 100", id) == 3);
}
