#pragma once
// The story behind headroom, told with its own numbers: gemma-3-27b-it on four and on three cards.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "sim/engine/engine.hpp"
#include "sim/models/model.hpp"

#include <filesystem>
#include <string>

namespace headroom {

/// Runs the scenarios of `folder` (examples/gemma-3-27b) and says in plain words what each policy
/// did and why. Error: of the scenarios.
[[nodiscard]] Result<std::string> tell_gemma_story(const std::filesystem::path& folder);

/// The overhead per GPU (runtime, activations and communication buffers), in bytes, from which on
/// the engine refuses this plan for lack of memory: its answer flips there. Found by asking the
/// engine. Precondition: the plan is accepted with no runtime overhead at all.
[[nodiscard]] Bytes overhead_at_which_refused(const Model& model, ParallelPlan plan,
                                              const GpuType& gpu, const ServingLimits& limits,
                                              MemoryOverheads overheads);

}  // namespace headroom
