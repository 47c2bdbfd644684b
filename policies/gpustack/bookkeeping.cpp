#include "policies/gpustack/bookkeeping.hpp"

#include <algorithm>

namespace headroom::gpustack {
namespace {

WorkerView view_of(const WorkerTotals& totals, std::span<const PlacedInstance> placed) {
  WorkerView out = totals.view;
  Bytes ram_charged = 0;
  Bytes vram_charged = 0;
  std::map<int, Bytes> by_index;
  for (const PlacedInstance& instance : placed) {
    if (instance.worker != out.name) continue;
    ram_charged += instance.ram;
    for (const auto& [gpu, bytes] : instance.vram) {
      by_index[gpu] += bytes;
      vram_charged += bytes;
    }
  }
  Bytes ram = totals.ram_total - ram_charged - totals.reserved_ram;
  if (totals.unified_memory) ram -= totals.reserved_vram + vram_charged;
  out.ram_allocatable = std::max<Bytes>(0, ram);
  for (GpuView& gpu : out.gpus) {
    const auto found = by_index.find(gpu.index);
    const Bytes charged = found == by_index.end() ? 0 : found->second;
    gpu.allocatable = std::max<Bytes>(0, gpu.total - charged - totals.reserved_vram);
    if (totals.unified_memory && gpu.index == 0) {
      gpu.allocatable = std::min(gpu.allocatable, out.ram_allocatable);
    }
  }
  return out;
}

}  // namespace

std::vector<WorkerView> allocatable_view(std::span<const WorkerTotals> workers,
                                         std::span<const PlacedInstance> placed) {
  std::vector<WorkerView> out;
  out.reserve(workers.size());
  for (const WorkerTotals& worker : workers) out.push_back(view_of(worker, placed));
  return out;
}

}  // namespace headroom::gpustack
