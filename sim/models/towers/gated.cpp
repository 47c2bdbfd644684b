// Towers with gated MLPs and norms without biases, like the layers of a text model.

#include "sim/models/limits.hpp"
#include "sim/models/towers/tower.hpp"

namespace headroom {
namespace {

Result<VisionArch> read_sizes(const ConfigSections& vision) {
  HEADROOM_TRY(VisionArch arch, read_tower_sizes(vision));
  HEADROOM_TRY(arch.mlp_width, tower_figure(vision, "intermediate_size", kMostTowerWidth * 16));
  return arch;
}

/// Pixtral: rotary positions, two norms a layer, one before the first.
Result<VisionArch> read_pixtral(const ConfigSections& vision) {
  HEADROOM_TRY(VisionArch arch, read_sizes(vision));
  HEADROOM_TRY(const std::int64_t patch, tower_figure(vision, "patch_size", 4'096));
  HEADROOM_TRY(const std::int64_t channels, tower_figure_or(vision, "num_channels", 64, 3));
  const std::int64_t h = arch.hidden;
  const std::int64_t layer = 4 * h * h + 3 * h * arch.mlp_width + 2 * h;
  arch.parameters = channels * patch * patch * h + h + arch.layers * layer;
  return arch;
}

}  // namespace

Result<VisionArch> read_pixtral_of_mistral3(const TowerReading& reading) {
  HEADROOM_TRY(VisionArch arch, read_pixtral(reading.vision));
  HEADROOM_TRY(const std::int64_t merge,
               tower_figure_or(reading.whole, "spatial_merge_size", 16, 2));
  HEADROOM_TRY(const bool bias, reading.whole.boolean_or("multimodal_projector_bias", false));
  const std::int64_t h = arch.hidden;
  const std::int64_t text = reading.text_hidden;
  arch.parameters += h + merge * merge * h * h + h * text + text * text + (bias ? 2 * text : 0);
  return arch;
}

Result<VisionArch> read_pixtral_of_llava(const TowerReading& reading) {
  HEADROOM_TRY(VisionArch arch, read_pixtral(reading.vision));
  HEADROOM_TRY(const bool bias, reading.whole.boolean_or("multimodal_projector_bias", true));
  const std::int64_t text = reading.text_hidden;
  arch.parameters += arch.hidden * text + text * text + (bias ? 2 * text : 0);
  return arch;
}

/// Gemma-4: four norms a layer, normalised queries and keys, two tables of positions.
Result<VisionArch> read_gemma4_tower(const TowerReading& reading) {
  const ConfigSections& vision = reading.vision;
  HEADROOM_TRY(VisionArch arch, read_sizes(vision));
  const std::int64_t h = arch.hidden;
  HEADROOM_TRY(const std::int64_t kv_heads,
               tower_figure_or(vision, "num_key_value_heads", arch.heads, arch.heads));
  HEADROOM_TRY(const std::int64_t head_dim,
               tower_figure_or(vision, "head_dim", 4'096, (h + arch.heads - 1) / arch.heads));
  HEADROOM_TRY(const std::int64_t patch, tower_figure(vision, "patch_size", 4'096));
  HEADROOM_TRY(const std::int64_t positions,
               tower_figure(vision, "position_embedding_size", 1 << 24));
  HEADROOM_TRY(const bool standardized, vision.boolean_or("standardize", false));
  const std::int64_t attention = 2 * h * head_dim * (arch.heads + kv_heads) + 2 * head_dim;
  const std::int64_t layer = attention + 3 * h * arch.mlp_width + 4 * h;
  arch.parameters = 3 * patch * patch * h + 2 * positions * h + arch.layers * layer +
                    (standardized ? 2 * h : 0) + h * reading.text_hidden;
  return arch;
}

}  // namespace headroom
