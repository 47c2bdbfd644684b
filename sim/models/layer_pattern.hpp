#pragma once
// Which layers attend to the whole context and which to a sliding window.

#include "sim/core/result.hpp"
#include "sim/models/config_section.hpp"
#include "sim/models/decoder_parts.hpp"
#include "sim/models/families.hpp"

namespace headroom {

/// Sets the window and the pattern of `parts`, whose other figures are read already. Error:
/// a pattern that is not "every n-th layer is full", or absurd figures.
[[nodiscard]] Status read_layer_pattern(const ConfigSections& config, const Family& family,
                                        DecoderParts& parts);

}  // namespace headroom
