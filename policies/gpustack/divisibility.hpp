#pragma once
// Which tensor parallel sizes GPUStack takes for legal. Heads of the KV cache, the MLP's width,
// quantization blocks and pipeline stages are not looked at.

#include "policies/gpustack/ask.hpp"
#include "policies/gpustack/fact.hpp"

#include <optional>

namespace headroom::gpustack {

/// The figure that this size does not divide: heads, then those of the vision tower (unless only
/// the language model is served), then the vocabulary. A figure that is not known is passed over.
[[nodiscard]] std::optional<Fact> indivisible(const Ask& ask, Backend backend, int tp);

/// Whether a search may end at this size: it divides, and the requester allows it.
[[nodiscard]] bool legal_tp(const Ask& ask, Backend backend, int tp);

}  // namespace headroom::gpustack
