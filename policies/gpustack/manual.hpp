#pragma once
// The step for GPUs chosen by hand, which vLLM and SGLang share. It never asks whether the number
// of GPUs divides anything.

#include "policies/gpustack/ask.hpp"
#include "policies/gpustack/candidate.hpp"

#include <functional>
#include <span>
#include <string>

namespace headroom::gpustack {

struct ManualStep {
  std::span<const WorkerView> workers;
  const Ask& ask;                                           // with a selection
  int gpus = 1;                                             // of one replica
  Bytes vram = 0;                                           // that it needs in all
  std::function<double(const std::string& type)> fraction;  // of each GPU; 0: not applied
};

/// Candidates among the selected GPUs: on one worker, else over several. Those that hold the
/// request; where none does, for a single replica, the largest, marked as an overcommit, with
/// facts.
[[nodiscard]] Selection select_by_hand(const ManualStep& step);

}  // namespace headroom::gpustack
