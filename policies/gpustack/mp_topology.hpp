#pragma once
// The layout of vLLM's mp executor over several nodes, as GPUStack works it out.

#include "policies/gpustack/gpu_count.hpp"

#include <span>

namespace headroom::gpustack {

struct LaunchSizes {
  int tp = 1;
  int pp = 1;
  int dp = 1;
};

/// Sizes over nodes with these numbers of GPUs: tp as given, else solved from dp, else the greatest
/// common divisor. Where a rank of tp x pp GPUs fits into one node, every node holds whole ranks
/// (and so a whole copy of the model); else ranks span equal nodes. Error: a topology fact.
[[nodiscard]] OrFact<LaunchSizes> mp_topology(std::span<const int> gpus_per_node,
                                              const UserSizes& user);

/// Whether the parameters ask for the mp executor; ray is the default.
[[nodiscard]] bool uses_mp(const Parameters& parameters);

}  // namespace headroom::gpustack
