#include "policies/gpustack/sglang_fraction.hpp"

#include "policies/gpustack/gpu_count.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace headroom::gpustack {
namespace {

constexpr double kGib = 1024;  // in MiB

double rounded(double share) { return std::round(share * 1000) / 1000; }

// What is selected of a type, by worker.
std::map<std::string, std::vector<int>> selected_of(const Ask& ask, const std::string& type) {
  std::map<std::string, std::vector<int>> out;
  for (const GpuChoice& choice : ask.selected) {
    if (choice.type == type) out[choice.worker].push_back(choice.index);
  }
  return out;
}

// MiB of the smallest GPU: of a selection, of the gpus_per_replica most free ones of each worker.
double smallest_mib(std::span<const WorkerView> workers, const Ask& ask, const std::string& type) {
  const auto selected = selected_of(ask, type);
  Bytes smallest = 0;
  for (const WorkerView& worker : workers) {
    std::vector<const GpuView*> gpus;
    const auto chosen = selected.find(worker.name);
    for (const GpuView& gpu : worker.gpus) {
      if (gpu.type != type) continue;
      if (!ask.selected.empty()) {
        if (chosen == selected.end()) continue;
        const auto& indexes = chosen->second;
        if (std::find(indexes.begin(), indexes.end(), gpu.index) == indexes.end()) continue;
      }
      gpus.push_back(&gpu);
    }
    std::stable_sort(gpus.begin(), gpus.end(), [](const GpuView* a, const GpuView* b) {
      return a->free_share() > b->free_share();
    });
    const auto counted = static_cast<std::size_t>(std::max(ask.gpus_per_replica.value_or(0), 0));
    if (!ask.selected.empty() && counted > 0) gpus.resize(std::min(gpus.size(), counted));
    for (const GpuView* gpu : gpus) {
      if (smallest == 0 || gpu->total < smallest) smallest = gpu->total;
    }
  }
  return static_cast<double>(smallest) / static_cast<double>(kMiB);
}

struct Sizes {
  int tp = 1;
  int pp = 1;
  int dp = 1;
};

Sizes foreseen_sizes(const Ask& ask, const std::string& type) {
  const UserSizes user = user_sizes(ask.parameters, Backend::sglang);
  const auto selected = selected_of(ask, type);
  Sizes sizes{user.tp.value_or(1), user.pp.value_or(1), user.dp.value_or(1)};
  sizes.pp = std::max(sizes.pp, static_cast<int>(selected.size()));
  for (const auto& [worker, gpus] : selected) {
    sizes.tp = std::max(sizes.tp, static_cast<int>(gpus.size()));
  }
  if (!ask.selected.empty()) sizes.tp = std::max(sizes.tp, ask.gpus_per_replica.value_or(0));
  return sizes;
}

struct GraphSizes {
  double chunk = 0;      // tokens of a prefill chunk
  double graph_few = 0;  // largest batch of CUDA graphs, tp < 4
  double graph = 0;      // likewise, tp >= 4
};

GraphSizes graph_sizes(double mib, bool npu) {
  if (mib <= 0) return {4096, 160, 160};
  if (mib < 20 * kGib) return {2048, 8, 8};
  if (npu && mib < 32 * kGib) return {32768, 16, 64};
  if (mib < 35 * kGib) return {2048, 24, 80};
  if (mib < 60 * kGib) return {4096, 32, 160};
  if (npu && mib < 64 * kGib) return {32768, 64, 128};
  if (mib < 160 * kGib) return {8192, 256, 512};
  return {16384, 512, 512};
}

double reserved_mib(const Ask& ask, const Sizes& sizes, double mib, bool npu) {
  const GraphSizes defaults = graph_sizes(mib, npu);
  const Parameters& given = ask.parameters;
  const double chunk = given.number({"chunked-prefill-size"}).value_or(defaults.chunk);
  const double graph = given.number({"cuda-graph-max-bs"})
                           .value_or(sizes.tp < 4 ? defaults.graph_few : defaults.graph);
  double reserved = 512;
  if (chunk > 0) reserved += 1.5 * std::max(chunk, 2048.0);
  reserved += 2 * graph + 128.0 * sizes.tp * sizes.pp;
  if (given.flag({"enable-dp-attention"})) {
    reserved += graph * sizes.dp * 3;
    if (graph > 300) reserved += graph * sizes.dp * 1.5;
  }
  if (mib > 60 * kGib) reserved = std::max(reserved, 10 * kGib);
  if (const auto speculation = given.text({"speculative-algorithm"})) {
    if (*speculation == "STANDALONE") {
      reserved += 6 * kGib;
    } else if (*speculation != "NGRAM") {
      reserved += 2 * kGib;
    }
  }
  if (given.text({"enable-piecewise-cuda-graph"})) {
    const int quarter = given.integer({"piecewise-cuda-graph-max-tokens"}).value_or(0) / 4;
    reserved += quarter;
  }
  return reserved;
}

// A larger vision tower leaves less.
double vision_factor(const VisionSize& vision) {
  constexpr double kBaseline = 24.0 * 1024 * 1024;
  const auto hidden = static_cast<double>(vision.hidden);
  const double ratio = static_cast<double>(vision.layers) * hidden * hidden / kBaseline;
  return 0.95 * std::clamp(1.0 - 0.1 * (ratio - 1.0), 0.8, 1.05);
}

}  // namespace

double sglang_fraction(std::span<const WorkerView> workers, const Ask& ask,
                       const std::string& type) {
  if (const auto asked = ask.parameters.number({"mem-fraction-static"}); asked && *asked > 0) {
    return *asked;
  }
  const double mib = smallest_mib(workers, ask, type);
  double fraction = 0.88;
  if (mib > 0) {
    const double reserved = reserved_mib(ask, foreseen_sizes(ask, type), mib, type == "cann");
    fraction = rounded((mib - reserved) / mib);
  }
  if (ask.figures.vision) fraction = rounded(fraction * vision_factor(*ask.figures.vision));
  return fraction;
}

}  // namespace headroom::gpustack
