#pragma once
// Kinds of model that are not read yet, told apart by the key that gives them away.

#include "sim/core/result.hpp"
#include "sim/models/config_section.hpp"

namespace headroom {

/// Error: mixture of experts, multi-head latent attention, state-space or linear attention layers,
/// heads that differ between layers, sparse or chunked attention, quantized weights, other inputs
/// than text and images, or an encoder; the sentence names the key that says so.
[[nodiscard]] Status check_supported(const ConfigSections& sections);

}  // namespace headroom
