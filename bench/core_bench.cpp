// Events per second of a whole run: generated deployments, FIFO with skipping, no logs and no
// metrics. One iteration is one run.
//
//   core, core_with_audit: models that fit one GPU and a placer that costs next to nothing: what is
//     left is the simulation itself, and with it the audit of failed tries.
//   policy: each registered policy for deployments on a mix of models, with the audit.

#include "bench/bench_support.hpp"
#include "policies/registry.hpp"
#include "sim/policy/placer.hpp"
#include "sim/policy/queue_discipline.hpp"
#include "sim/run/simulation.hpp"
#include "traces/generator.hpp"
#include "traces/mix.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace headroom {
namespace {

constexpr std::int64_t kRequests = 20'000;

const char* const kOneGpuMix = R"(
schema = "headroom.mix"
version = 1
name = "one-gpu"
[[entry]]
model = "qwen3-8b"
band = "1"
gpus = 1
on = "A100-80GB"
[[entry]]
model = "meta-llama-3.1-8b"
band = "1"
gpus = 1
on = "A100-80GB"
[[entry]]
model = "qwen3-14b"
band = "1"
gpus = 1
on = "A100-80GB"
)";

// The first idle GPU of the fullest nodes.
class OneGpu final : public Placer {
 public:
  [[nodiscard]] std::string_view name() const override { return "one-gpu"; }
  [[nodiscard]] bool takes(RequestKind) const override { return true; }
  [[nodiscard]] Decision place(const PlacementRequest&, const Cluster& cluster,
                               std::vector<PassedOver>*) override {
    const auto& by_idle = cluster.by_idle(GpuTypeId{0});
    const auto bucket = by_idle.lower_bound(1);
    if (bucket == by_idle.end()) return NotNow{"no_room"};
    const NodeClass& node_class = cluster.class_at(*bucket->second.begin());
    int device = 0;
    while (!node_class.state.gpus[static_cast<std::size_t>(device)].idle()) ++device;
    return Place{{GpuTypeId{0}, {1, 1}, {{node_class.id, {device}, 1}}}, ""};
  }
};

const char* const kMixedMix = R"(
schema = "headroom.mix"
version = 1
name = "mixed"
[[entry]]
model = "qwen3-8b"
band = "1"
gpus = 1
on = "A100-80GB"
weight = 8
[[entry]]
model = "gemma-3-27b-it"
band = "1"
gpus = 1
on = "A100-80GB"
weight = 4
[[entry]]
model = "qwen2.5-32b"
band = "2"
gpus = 2
on = "A100-80GB"
weight = 3
[[entry]]
model = "meta-llama-3.1-70b"
band = "4"
gpus = 4
on = "A100-80GB"
weight = 2
[[entry]]
model = "mistral-large-instruct-2407"
band = "8"
gpus = 8
on = "A100-80GB"
weight = 1
)";

std::vector<Request> generated(const char* mix, std::int64_t gpus, double load) {
  GeneratorConfig config;
  config.requests = kRequests;
  config.cluster_gpus = gpus;
  config.load = load;
  config.cpu_milli_per_gpu = 8'000;
  const auto source =
      bench::require(make_generator(bench::require(parse_mix(mix, "bench")), config));
  std::vector<Request> requests;
  while (auto request = bench::require(source->next())) requests.push_back(std::move(*request));
  return requests;
}

using MakePlacer = std::function<std::unique_ptr<Placer>(const PlacerContext&)>;

void run(benchmark::State& state, const char* mix, bool audit, const MakePlacer& make_placer) {
  bench::Bed bed(bench::equal_nodes(state.range(0)));
  const std::vector<Request> requests =
      generated(mix, bed.spec.gpu_count(), static_cast<double>(state.range(1)) / 100.0);
  SimulationOptions options;
  options.audit = audit;
  std::uint64_t events = 0;
  for (auto _ : state) {
    const auto placer = make_placer({bed.spec, bed.plans});
    const auto queue = bench::require(make_queue_discipline("fifo-skip"));
    bench::ListSource source(requests);
    Simulation simulation({bed.spec, bed.plans, *placer, *placer, *queue, source, {}}, options);
    bench::require(simulation.run());
    events += simulation.events();
  }
  const auto rate = benchmark::Counter::kIsRate;
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(events), rate);
  state.counters["requests/s"] =
      benchmark::Counter(static_cast<double>(state.iterations() * kRequests), rate);
}

void add(const std::string& name, const char* mix, bool audit, const MakePlacer& make_placer) {
  auto* bench = benchmark::RegisterBenchmark(
      name.c_str(),
      [mix, audit, make_placer](benchmark::State& s) { run(s, mix, audit, make_placer); });
  bench->ArgNames({"nodes", "load_%"})->Unit(benchmark::kMillisecond);
  for (const int nodes : {100, 1'000}) {
    for (const int load : {70, 130}) bench->Args({nodes, load});
  }
}

[[maybe_unused]] const bool kRegistered = [] {
  const auto one_gpu = [](const PlacerContext&) { return std::make_unique<OneGpu>(); };
  add("core", kOneGpuMix, false, one_gpu);
  add("core_with_audit", kOneGpuMix, true, one_gpu);
  for (const PolicyInfo& policy : policies()) {
    if (!policy.takes_llm) continue;
    add("policy/" + policy.name, kMixedMix, true, [&policy](const PlacerContext& context) {
      return policy.make(context, bench::require(ConfigTable::parse("", "bench")));
    });
  }
  return true;
}();

}  // namespace
}  // namespace headroom
