#pragma once
// Which layers attend to the whole context and which to a sliding window.

#include "sim/core/result.hpp"
#include "sim/models/config_section.hpp"
#include "sim/models/families.hpp"
#include "sim/models/model.hpp"

namespace headroom {

/// Sets sliding_window and sliding_pattern of `text`, whose other figures are read already. Error:
/// a pattern that is not "every n-th layer is full", or absurd figures.
[[nodiscard]] Status read_layer_pattern(const ConfigSections& config, const Family& family,
                                        TextArch& text);

}  // namespace headroom
