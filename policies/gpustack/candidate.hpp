#pragma once
// What GPUStack's selectors find: candidates, each with what its GPUs are charged.

#include "policies/gpustack/fact.hpp"
#include "policies/gpustack/view.hpp"

#include <optional>
#include <string>
#include <vector>

namespace headroom::gpustack {

struct Charge {
  const GpuView* gpu = nullptr;
  Bytes bytes = 0;
};

/// What a candidate takes of one worker, GPUs in the order they were taken. Points into the view.
struct Share {
  const WorkerView* worker = nullptr;
  std::vector<Charge> gpus;

  [[nodiscard]] Bytes bytes() const {
    Bytes sum = 0;
    for (const Charge& each : gpus) sum += each.bytes;
    return sum;
  }
};

struct Candidate {
  std::string type;
  Share main;
  std::vector<Share> subordinates;
  std::optional<Bytes> ram;  // claimed on the main worker
  bool overcommit = false;   // selected by hand, and not enough
  double score = 0;
};

struct Selection {
  std::vector<Candidate> candidates;
  std::vector<Fact> facts;    // told where nothing was found, or only by overcommitting
  std::optional<Fact> error;  // the parameters cannot be: nothing was looked for
};

}  // namespace headroom::gpustack
