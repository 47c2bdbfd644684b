// Finding the best k of a node's free GPUs, with and without the memory of what was asked before.

#include "bench/bench_support.hpp"
#include "sim/core/random.hpp"
#include "sim/hardware/gpu_type.hpp"
#include "sim/links/node_graph.hpp"

#include <benchmark/benchmark.h>

#include <bit>
#include <vector>

namespace headroom {
namespace {

struct Question {
  DeviceMask free;
  int k;
};

/// 512 masks of a node's free GPUs, each with a k that it can answer.
std::vector<Question> questions(int gpus) {
  auto random = random_stream(1, "links-bench");
  const DeviceMask all = ~DeviceMask{0} >> (64 - gpus);
  std::vector<Question> out;
  while (out.size() < 512) {
    const DeviceMask free = random() & all;
    if (free == 0) continue;
    out.push_back(
        {free, 1 + static_cast<int>(random() % static_cast<unsigned>(std::popcount(free)))});
  }
  return out;
}

void ask(benchmark::State& state, bool remembered) {
  const auto gpus = static_cast<int>(state.range(0));
  const GpuType gpu = bench::require(find_gpu_type("V100M32"));
  NodeLinks links;
  links.fabric = gpus == 8 ? NodeFabric::nvlink_cube : NodeFabric::nvlink_pairs;
  const NodeGraph graph(links, std::vector<const GpuType*>(static_cast<std::size_t>(gpus), &gpu));
  const auto asked = questions(gpus);
  for (const Question& q : asked) benchmark::DoNotOptimize(graph.best(q.free, q.k));
  std::size_t next = 0;
  for (auto _ : state) {
    const Question& q = asked[next++ % asked.size()];
    benchmark::DoNotOptimize(remembered ? graph.best(q.free, q.k) : graph.search_best(q.free, q.k));
  }
  state.counters["answers/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void remembered(benchmark::State& state) { ask(state, true); }
void searched(benchmark::State& state) { ask(state, false); }

BENCHMARK(remembered)->ArgName("gpus")->Arg(8)->Arg(16)->Arg(64);
BENCHMARK(searched)->ArgName("gpus")->Arg(8)->Arg(16)->Arg(64);

}  // namespace
}  // namespace headroom
