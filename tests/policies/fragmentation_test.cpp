// FGD's measure and its choices, by hand.

#include "policies/classical/fragmentation.hpp"

#include "policies/classical/fgd.hpp"
#include "tests/policies/decision.hpp"
#include "tests/policies/made_up_plans.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

TypicalRequest task(double share, int gpus, int milli, std::int64_t cpu_milli = 0) {
  TypicalRequest out{share, cpu_milli, gpus > 0, {std::nullopt}};
  if (gpus > 0) out.by_type.front() = GpuNeed{milli, {gpus}};
  return out;
}

double f_of(const World& world, const std::vector<TypicalRequest>& typical, std::uint32_t node = 0,
            Fragmentation::Counts counts = Fragmentation::Counts::devices) {
  Fragmentation fragmentation(world.spec, typical, counts);
  return fragmentation.of(world.cluster.class_of(static_cast<NodeId>(node)).state);
}

void hold(World& world, std::uint32_t node, int device, int milli, std::int64_t cpu_milli = 0) {
  const NodeHolding what{static_cast<NodeId>(node), {device}, {milli, 0}, cpu_milli, 0};
  world.cluster.take(std::span(&what, 1));
}

std::string decided(World& world, const std::string& policy, const std::string& options,
                    const Request& request) {
  const auto placer = make_policy(world, policy, options);
  return decision(world, *placer, request);
}

}  // namespace

TEST_CASE("what typical requests cannot use is a fragment") {
  World world(cluster_of({{"L4", 4, 1, 10'000}}));
  hold(world, 0, 0, 600);   // 400 free
  hold(world, 0, 1, 1000);  // none
  CHECK(f_of(world, {task(1.0, 1, 300)}) == 0.0);
  CHECK(f_of(world, {task(1.0, 1, 500)}) == 400.0);
  CHECK(f_of(world, {task(1.0, 2, 1000)}) == 400.0);
  CHECK(f_of(world, {task(1.0, 4, 1000)}) == 2400.0);         // cannot run: all that is free
  CHECK(f_of(world, {task(1.0, 0, 0)}) == 2400.0);            // takes no GPU
  CHECK(f_of(world, {task(1.0, 1, 300, 20'000)}) == 2400.0);  // too little CPU
  CHECK(f_of(world, {task(0.25, 1, 500), task(0.75, 4, 1000)}) == 0.25 * 400.0 + 0.75 * 2400.0);
  TypicalRequest elsewhere = task(1.0, 1, 300);
  elsewhere.by_type.front().reset();
  CHECK(f_of(world, {elsewhere}) == 2400.0);  // not on this type
}

TEST_CASE("by sizes a fragment is what groups of them leave over") {
  World world(cluster_of({{"L4", 8}}));
  TypicalRequest sizes = task(1.0, 2, kWholeGpu);
  sizes.by_type.front()->sizes = {2, 5};
  const auto f = [&] { return f_of(world, {sizes}, 0, Fragmentation::Counts::sizes); };
  CHECK(f() == 0.0);  // 2 x 4
  occupy(world, 0, {0});
  CHECK(f() == 0.0);  // 5 + 2
  occupy(world, 0, {1, 2, 3, 4});
  CHECK(f() == 1000.0);                // 3: one is over
  CHECK(f_of(world, {sizes}) == 0.0);  // FGD sees room for two
  occupy(world, 0, {5, 6});
  CHECK(f() == 1000.0);  // 1: too few
}

TEST_CASE("a node of two GPU types counts as one of each") {
  ClusterSpec spec = cluster_of({{"L4", 1}, {"T4", 1}});
  NodeShape mixed = spec.shapes[0];
  mixed.gpus = {static_cast<GpuTypeId>(0), static_cast<GpuTypeId>(0), static_cast<GpuTypeId>(1)};
  spec.nodes[0].shape = spec.intern_shape(mixed);
  World world(std::move(spec));
  TypicalRequest request{1.0, 0, true, {GpuNeed{kWholeGpu, {2}}, GpuNeed{kWholeGpu, {2}}}};
  CHECK(f_of(world, {request}) == 1000.0);  // the T4 alone is of no use
}

TEST_CASE("fgd puts a share where it makes idle GPUs least useless") {
  // Typical: half ask for 500 of a GPU, half for a whole one. A share of 500 beside one of 500
  // fills a GPU; on an idle one it leaves 500 that only the one half can use.
  World world(cluster_of({{"L4", 2, 2}}));
  hold(world, 1, 1, 500);
  const std::string typical = "[[expected]]\ngpus = 1\ngpu_milli = 500\n[[expected]]\ngpus = 1\n";
  CHECK(decided(world, "fgd", typical, opaque_request("r", 1, 0, 1, 500)) ==
        "TP 1 x PP 1 on n1[1]");
  // 300: on an idle GPU F grows by 0.5 x 700, on the other by 0.5 x 200 + 0.5 x 200 - 0.5 x 500.
  CHECK(decided(world, "fgd", typical, opaque_request("r", 1, 0, 1, 300)) ==
        "TP 1 x PP 1 on n1[1]");
  CHECK(decided(world, "fgd", typical, opaque_request("r", 1)) == "TP 1 x PP 1 on n0[0]");
}

TEST_CASE("fgd-heads keeps the pair that a model needs, where fgd sees no difference") {
  // On nodes of four GPUs, n1 with three idle: half of the mix takes one GPU, half two or four.
  // One more GPU leaves 3 of n0's four, of which one is over for the latter: F grows by 500. On n1
  // it leaves 2 of 3: F shrinks by 500. Counted by the fewest GPUs, nothing changes anywhere.
  const std::string large = require_value(find_model("qwen3-8b"))->name;
  const Worths worths = {{"", {{{1, 1}, 1'000}}}, {large, {{{2, 1}, 500}, {{4, 1}, 500}}}};
  MadeUp made({{"small", 4, 2}}, worths);
  occupy(made.world, 1, {0});
  const std::string mix =
      "[[expected]]\nmodel = 'qwen2.5-0.5b'\n[[expected]]\nmodel = 'qwen3-8b'\n";
  const Request small = MadeUp::request("qwen2.5-0.5b");
  CHECK(decided(made.world, "fgd+heads", mix, small) == "TP 1 x PP 1 on n0[0]");
  CHECK(decided(made.world, "fgd-heads", mix, small) == "TP 1 x PP 1 on n1[1]");
  CHECK(decided(made.world, "fgd-heads", mix, opaque_request("t", 1)) == "TP 1 x PP 1 on n1[1]");
}

TEST_CASE("without a mix, fgd goes by what has arrived") {
  World world(cluster_of({{"L4", 2, 2}}));
  hold(world, 1, 1, 500);
  const auto placer = make_policy(world, "fgd");
  const InternedShape& half = world.intern(opaque_request("a", 1, 0, 1, 500));
  const InternedShape& whole = world.intern(opaque_request("b", 1));
  const auto where_to = [&](const InternedShape& shape) {
    const PlacementRequest request{shape, SimTime{}, {}, {}, {}};
    const Decision answer = placer->place(request, world.cluster, nullptr);
    const auto& part = std::get<Place>(answer).layout.parts.front();
    return index(world.cluster.node_class(part.node_class).first_node());
  };
  CHECK(where_to(half) == 0);  // nothing is typical: the first node
  for (int i = 0; i < 50; ++i) placer->arrived(whole);
  for (int i = 0; i < 50; ++i) placer->arrived(half);
  CHECK(where_to(half) == 1);
}

TEST_CASE("wrong options of fgd are refused with their place") {
  for (const auto& [options, message] : std::vector<std::pair<std::string, std::string>>{
           {"[[expected]]\ngpus = 2\ngpu_milli = 500", "needs gpus = 1"},
           {"[[expected]]\ngpus = -1", "gpus"},
           {"[[expected]]\ngpus = 1\ngpu_types = ['L5']", "the cluster has no GPU type 'L5'"},
           {"[[expected]]\nmodel = 'nonesuch'", "nonesuch"},
           {"mix = 'nonesuch.toml'", "nonesuch.toml"}}) {
    INFO(options);
    World world(cluster_of({{"L4", 2}}));
    const auto table = require_value(ConfigTable::parse(options, "s.toml"));
    (void)require_value(find_policy("fgd"))->make(world.context(), table);
    const Status status = table.finish();
    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().text().find(message) != std::string::npos);
  }
}
