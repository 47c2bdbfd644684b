#pragma once
// What GPUStack's scheduler sees of a cluster: workers (nodes) in a fixed order, their GPUs, and
// what is allocatable of each. It knows nothing of the simulation, so that the scheduler can be run
// on cases of its own tests as well as on a simulated cluster.

#include "sim/core/units.hpp"

#include <span>
#include <string>
#include <vector>

namespace headroom::gpustack {

struct GpuView {
  std::string type;  // backend: "cuda", "rocm", "cann"
  int index = 0;     // unique among the worker's GPUs of its type
  Bytes total = 0;
  Bytes allocatable = 0;  // total less what placed instances are charged and what is reserved

  [[nodiscard]] double free_share() const {
    return total > 0 ? static_cast<double>(allocatable) / static_cast<double>(total) : 0.0;
  }
};

struct WorkerView {
  std::string name;
  std::vector<GpuView> gpus;
  Bytes ram_allocatable = 0;
  bool hosts_distributed = false;  // an instance over several workers already runs here
};

/// A worker with those of its GPUs that a step looks at, in the step's order. Points into the view.
struct Offer {
  const WorkerView* worker = nullptr;
  std::vector<const GpuView*> gpus;
};

struct OfferGroup {
  std::string type;
  std::vector<Offer> offers;
};

using WorkerList = std::vector<const WorkerView*>;

/// In the order given, or most GPUs first (workers with equally many keep their order).
[[nodiscard]] WorkerList in_order(std::span<const WorkerView> workers);
[[nodiscard]] WorkerList by_gpu_count(std::span<const WorkerView> workers);

/// Workers by GPU type, types in order of first appearance. A worker with GPUs of several types is
/// offered with its last type alone: GPUStack's views of the types share one list of devices, and
/// the last filter is the one that stays.
[[nodiscard]] std::vector<OfferGroup> offers_by_type(const WorkerList& workers);

/// All GPUs of each worker, whatever their types, in one group: GPUStack before it told types
/// apart.
[[nodiscard]] std::vector<OfferGroup> offers_of_any_type(const WorkerList& workers);

/// Most GPUs first; workers with equally many keep their order.
void sort_by_gpu_count(std::vector<Offer>& offers);

}  // namespace headroom::gpustack
