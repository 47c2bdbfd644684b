// Decisions per second of every registered placer. One iteration is what the simulation does with a
// decision: place, resolve and take, and give back the oldest, so that the state keeps changing.
//
//   empty:   a cluster of equal nodes with at most two deployments on it. What differs between 100
//            and 10,000 nodes here is what a decision pays for nodes that are all the same:
//            nothing.
//   filled:  80 % of the GPUs held by whole-GPU deployments on random nodes with random CPU
//            requests (seeded), which stay, so that most nodes are in a state of their own: the
//            worst case of classes. What the placer places comes and goes on top, up to 85 %.
//   crowded: the same with 99 % that stay and up to 100 %: much finds no room, and every plan is
//            looked at.

#include "bench/bench_support.hpp"
#include "policies/registry.hpp"
#include "sim/core/random.hpp"
#include "sim/models/model.hpp"
#include "sim/plan/shape_table.hpp"
#include "sim/run/legality.hpp"

#include <benchmark/benchmark.h>
#include <boost/random/uniform_int_distribution.hpp>
#include <boost/random/uniform_smallint.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace headroom {
namespace {

struct Fill {
  const char* name;
  double stays;  // share of the GPUs held from the start to the end
  double most;   // share up to which the placer fills
};

constexpr std::array kFills = {Fill{"empty", 0.0, 0.0}, Fill{"filled", 0.80, 0.85},
                               Fill{"crowded", 0.99, 1.0}};

using Holdings = std::vector<NodeHolding>;

void add_shape(std::vector<RequestShape>& shapes, std::variant<LlmDeployment, OpaqueTask> what) {
  RequestShape shape;
  shape.what = std::move(what);
  shapes.push_back(std::move(shape));
}

// One deployment of every model of the catalogue, each the same object through the run.
std::vector<RequestShape> llm_shapes() {
  std::vector<RequestShape> shapes;
  for (const Model& known : model_catalogue()) {
    add_shape(shapes, LlmDeployment{bench::require(find_model(known.name)), {}, false, {}});
  }
  return shapes;
}

// Shares, whole GPUs, a CPU-only task and a gang larger than a node, in made-up proportions.
std::vector<RequestShape> opaque_shapes() {
  std::vector<RequestShape> shapes;
  for (const int milli : {100, 250, 500, 750}) add_shape(shapes, OpaqueTask{1, milli});
  for (const int gpus : {1, 1, 1, 2, 2, 4, 8, 16, 0}) add_shape(shapes, OpaqueTask{gpus, 1000});
  return shapes;
}

// The shapes in turn, `kRounds` times, each time with another CPU request: on a cluster that is
// empty all the same, so that it stays one of few classes.
std::vector<const InternedShape*> intern_all(ShapeTable& table, bool takes_llm, const Fill& how) {
  constexpr int kRounds = 40;
  auto random = random_stream(1, "placer-bench-shapes");
  boost::random::uniform_int_distribution<std::int64_t> any_cpu(1, 16'000);  // milli
  std::vector<const InternedShape*> interned;
  for (int round = 0; round < kRounds; ++round) {
    for (RequestShape& shape : takes_llm ? llm_shapes() : opaque_shapes()) {
      shape.cpu_milli = how.stays > 0.0 ? any_cpu(random) : 8'000;
      shape.ram = 32 * kGiB;
      interned.push_back(&table.intern(shape));
    }
  }
  return interned;
}

// Whole-GPU deployments of 1, 2 or 4 GPUs on random nodes, each GPU with a random number of vCPU,
// until `share` of the GPUs are held.
void fill(Cluster& cluster, double share) {
  auto random = random_stream(1, "placer-bench");
  const auto nodes = static_cast<std::uint32_t>(cluster.spec().nodes.size());
  boost::random::uniform_int_distribution<std::uint32_t> any_node(0, nodes - 1);
  boost::random::uniform_int_distribution<std::int64_t> any_cpu(1, 10'000);  // milli, per GPU
  boost::random::uniform_smallint<int> any_size(0, 3);
  const GpuHolding whole{kWholeGpu, requested_bytes(cluster.spec().gpu_types[0].memory, 920'000)};
  const auto wanted =
      static_cast<std::int64_t>(share * static_cast<double>(cluster.spec().gpu_count()));
  while (cluster.milli_held() < wanted * kWholeGpu) {
    const auto node = static_cast<NodeId>(any_node(random));
    const std::size_t size =
        std::vector<std::size_t>{1, 1, 2, 4}[static_cast<std::size_t>(any_size(random))];
    const std::int64_t cpu = any_cpu(random) * static_cast<std::int64_t>(size);
    const NodeState& state = cluster.class_of(node).state;
    NodeHolding holding{node, {}, whole, cpu, 0};
    for (int device = 0; device < bench::kGpusPerNode && holding.devices.size() < size; ++device) {
      if (state.gpus[static_cast<std::size_t>(device)].idle()) holding.devices.push_back(device);
    }
    if (holding.devices.size() < size || state.cpu_free < cpu) continue;
    cluster.take(std::span(&holding, 1));
  }
}

// A policy under a name of its own where it has options.
struct Contestant {
  std::string name;
  const PolicyInfo* policy;
  const char* options;
};

constexpr const char* kSmallAndLarge =
    "[[expected]]\nmodel = \"qwen3-8b\"\nweight = 3\n[[expected]]\nmodel = \"qwen2.5-72b\"\n";

std::vector<Contestant> contestants() {
  std::vector<Contestant> out;
  for (const PolicyInfo& policy : policies()) {
    out.push_back(
        {policy.name, &policy, policy.name == "fallback-search-mix" ? kSmallAndLarge : ""});
    if (policy.name != "fallback-search") continue;
    out.push_back({policy.name + "-least-stranded", &policy, "prefer = \"least-stranded\""});
    out.push_back({policy.name + "-fewest-nodes", &policy, "prefer = \"fewest-nodes\""});
    out.push_back({policy.name + "-spread", &policy, "prefer = \"spread\""});
  }
  return out;
}

void place_in_turn(benchmark::State& state, const Contestant& contestant, const Fill& how) {
  const PolicyInfo& policy = *contestant.policy;
  bench::Bed bed(bench::equal_nodes(state.range(0)));
  ShapeTable table(bed.spec);
  const auto shapes = intern_all(table, policy.takes_llm, how);
  auto config = bench::require(ConfigTable::parse(contestant.options, "bench"));
  const auto placer = policy.make(PlacerContext{bed.spec, bed.plans}, config);
  Cluster cluster(bed.spec, placer->reads_kinds());
  fill(cluster, how.stays);
  const auto most_held =
      static_cast<std::int64_t>(how.most * static_cast<double>(bed.spec.gpu_count())) * kWholeGpu;
  std::deque<Holdings> held;

  // What is worked out once per shape is worked out before the clock starts.
  for (const auto* shape : shapes) {
    placer->arrived(*shape);
    auto decision = placer->place({*shape, {}, {}, {}, {}}, cluster, nullptr);
    benchmark::DoNotOptimize(decision);
  }
  // As in a run, a shape that did not fit comes back with the nodes freed since.
  std::vector<std::optional<std::uint64_t>> failed_at(table.size());
  std::size_t next = 0;
  std::int64_t placed = 0;
  const auto release_oldest = [&] {
    cluster.give_back(held.front());
    held.pop_front();
  };
  for (auto _ : state) {
    const InternedShape& shape = *shapes[next++ % shapes.size()];
    auto& failed = failed_at[index(shape.id)];
    const auto freed = failed ? cluster.freed_since(*failed) : std::nullopt;
    const auto id = static_cast<RequestId>(next);
    const Decision decision = placer->place({shape, {}, {}, {}, freed, {}, id}, cluster, nullptr);
    const auto* place = std::get_if<Place>(&decision);
    if (place == nullptr) {
      failed = cluster.freed_position();
      if (!held.empty()) release_oldest();
      continue;
    }
    held.push_back(bench::require(resolve_layout(cluster, shape, place->layout)));
    cluster.take(held.back());
    ++placed;
    while (held.size() > 1 && cluster.milli_held() > most_held) release_oldest();
  }
  const auto decisions = static_cast<double>(state.iterations());
  state.counters["decisions/s"] = benchmark::Counter(decisions, benchmark::Counter::kIsRate);
  state.counters["placed_%"] = 100.0 * static_cast<double>(placed) / decisions;
  state.counters["classes"] = static_cast<double>(cluster.class_count());
}

// Registered before main runs, because which placers there are is known to the registry alone.
[[maybe_unused]] const bool kRegistered = [] {
  for (const Contestant& contestant : contestants()) {
    for (const Fill& how : kFills) {
      const std::string name = fmt::format("{}/{}", contestant.name, how.name);
      auto* bench = benchmark::RegisterBenchmark(
          name.c_str(),
          [contestant, &how](benchmark::State& s) { place_in_turn(s, contestant, how); });
      bench->ArgName("nodes")->Arg(10)->Arg(100)->Arg(1'000)->Arg(10'000);
      bench->Unit(benchmark::kMicrosecond);
    }
  }
  return true;
}();

}  // namespace
}  // namespace headroom
