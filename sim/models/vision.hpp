#pragma once
// The vision tower of a config.json.

#include "sim/core/result.hpp"
#include "sim/models/model.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace headroom {

/// Figures of a SigLIP tower, as gemma-3 carries one. The projector maps its width to
/// `text_hidden`.
struct SiglipShape {
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t mlp_width = 0;
  std::int64_t image_size = 0;  // pixels a side
  std::int64_t patch_size = 0;  // pixels a side
  std::int64_t channels = 3;
};

/// Parameters of the tower (without a pooling head) and gemma-3's projector: exact.
[[nodiscard]] VisionArch siglip_vision(const SiglipShape& shape, std::int64_t text_hidden);

/// Reads the `vision_config` of a whole document; nullopt when there is none. Error: a tower that
/// is not supported yet, or a figure missing or absurd.
[[nodiscard]] Result<std::optional<VisionArch>> read_vision(const nlohmann::json& document,
                                                            std::int64_t text_hidden,
                                                            const std::string& where);

}  // namespace headroom
