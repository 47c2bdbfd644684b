#pragma once
// What is allocatable, as GPUStack keeps its books: from its own instances' charges alone. What
// other processes use, and what the workers report as allocated, is not looked at.

#include "policies/gpustack/view.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace headroom::gpustack {

/// A worker before anything is placed. The `allocatable` figures of its view are not read.
struct WorkerTotals {
  WorkerView view;  // with ram_allocatable unused
  Bytes ram_total = 0;
  Bytes reserved_ram = 0;
  Bytes reserved_vram = 0;      // of every GPU
  bool unified_memory = false;  // GPU 0 lives in the worker's RAM
};

/// What an instance is charged on one worker.
struct PlacedInstance {
  std::string worker;
  std::map<int, Bytes> vram;  // by GPU index
  Bytes ram = 0;              // subordinates are charged no RAM
  bool same_model = false;    // a replica of the model being placed
};

/// Allocatable: total less charges less the reserve, never below zero.
[[nodiscard]] std::vector<WorkerView> allocatable_view(std::span<const WorkerTotals> workers,
                                                       std::span<const PlacedInstance> placed);

}  // namespace headroom::gpustack
