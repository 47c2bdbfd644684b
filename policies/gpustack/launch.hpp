#pragma once
// The parallel sizes that GPUStack starts an engine with, once it has chosen the GPUs.

#include "policies/gpustack/candidate.hpp"
#include "policies/gpustack/mp_topology.hpp"

namespace headroom::gpustack {

/// As the user gave them, where any was given. Else on one worker tensor parallel over its GPUs; on
/// workers with equally many, a pipeline stage each; on others a stage for each GPU. vLLM's mp
/// executor over workers: mp_topology, whose error this returns.
[[nodiscard]] OrFact<LaunchSizes> launch_sizes(const Candidate& candidate,
                                               const Parameters& parameters, Backend backend);

}  // namespace headroom::gpustack
