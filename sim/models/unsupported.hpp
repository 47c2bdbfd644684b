#pragma once
// What a config.json says that its reader would not look at: refused, never left out in silence.

#include "sim/core/result.hpp"
#include "sim/models/config_section.hpp"

#include <string_view>

namespace headroom {

/// Error: a key that speaks of experts, latents, states or heads by layer, in a file whose
/// `model_type` is read as a decoder without.
[[nodiscard]] Status check_uniform(const ConfigSections& config, std::string_view model_type);

/// Whether models of this type are no decoders at all.
[[nodiscard]] bool is_encoder_only(std::string_view model_type);

}  // namespace headroom
