// Vision towers of the Qwen-VL models, and the audio encoder of Qwen2.5-Omni.

#include "sim/models/config_document.hpp"
#include "sim/models/limits.hpp"
#include "sim/models/towers/tower.hpp"

#include <fmt/format.h>

#include <cmath>

namespace headroom {
namespace {

/// Weights of the convolution that makes patches, in space and time.
Result<std::int64_t> read_patch_weights(const ConfigSections& vision, std::int64_t hidden) {
  HEADROOM_TRY(const std::int64_t patch, tower_figure_or(vision, "patch_size", 4'096, 14));
  HEADROOM_TRY(const std::int64_t frames, tower_figure_or(vision, "temporal_patch_size", 64, 2));
  HEADROOM_TRY(const std::int64_t channels,
               vision.integer_or({"image channels", {"in_channels", "in_chans"}, 1, 64}, 3));
  return hidden * channels * frames * patch * patch;
}

/// Width of what the merger reads: a square of patches.
Result<std::int64_t> read_merged(const ConfigSections& vision, std::int64_t hidden) {
  HEADROOM_TRY(const std::int64_t merge, tower_figure_or(vision, "spatial_merge_size", 16, 2));
  return merge * merge * hidden;
}

/// Two matrices with biases, merged x merged and out x merged.
std::int64_t merger(std::int64_t merged, std::int64_t out) {
  return merged * merged + merged + merged * out + out;
}

}  // namespace

Result<VisionArch> read_qwen2_tower(const TowerReading& reading) {
  const ConfigSections& vision = reading.vision;
  HEADROOM_TRY(VisionArch arch, read_tower_sizes(vision));
  HEADROOM_TRY(const double ratio, vision.number_or("mlp_ratio", 4.0));
  if (!(ratio > 0.0) || ratio > 1024.0) return vision.refuse("mlp_ratio", "above 0, at most 1024");
  const std::int64_t h = arch.hidden;
  arch.mlp_width = std::llround(ratio * static_cast<double>(h));
  HEADROOM_TRY(const std::int64_t patches, read_patch_weights(vision, h));
  HEADROOM_TRY(const std::int64_t merged, read_merged(vision, h));
  // `hidden_size` is that of the text model here.
  HEADROOM_TRY(const std::int64_t out,
               tower_figure_or(vision, "hidden_size", kMostHidden, reading.text_hidden));
  arch.parameters = patches + arch.layers * classic_layer(arch) + 2 * h + merger(merged, out);
  return arch;
}

Result<VisionArch> read_qwen2_5_tower(const TowerReading& reading) {
  const ConfigSections& vision = reading.vision;
  HEADROOM_TRY(VisionArch arch, read_tower_sizes(vision));
  HEADROOM_TRY(arch.mlp_width, tower_figure(vision, "intermediate_size", kMostTowerWidth * 16));
  const std::int64_t h = arch.hidden;
  const std::int64_t width = arch.mlp_width;
  HEADROOM_TRY(const std::int64_t patches, read_patch_weights(vision, h));
  HEADROOM_TRY(const std::int64_t merged, read_merged(vision, h));
  HEADROOM_TRY(const std::int64_t out,
               tower_figure_or(vision, "out_hidden_size", kMostHidden, reading.text_hidden));
  const std::int64_t layer = 4 * (h * h + h) + 3 * h * width + 2 * width + h + 2 * h;
  arch.parameters = patches + arch.layers * layer + h + merger(merged, out);
  return arch;
}

Result<VisionArch> read_qwen3_tower(const TowerReading& reading) {
  const ConfigSections& vision = reading.vision;
  HEADROOM_TRY(VisionArch arch, read_tower_sizes(vision));
  HEADROOM_TRY(arch.mlp_width, tower_figure(vision, "intermediate_size", kMostTowerWidth * 16));
  const std::int64_t h = arch.hidden;
  HEADROOM_TRY(const std::int64_t patches, read_patch_weights(vision, h));
  HEADROOM_TRY(const std::int64_t merged, read_merged(vision, h));
  HEADROOM_TRY(const std::int64_t out,
               tower_figure_or(vision, "out_hidden_size", kMostHidden, reading.text_hidden));
  HEADROOM_TRY(const std::int64_t positions,
               tower_figure(vision, "num_position_embeddings", 1 << 24));
  HEADROOM_TRY(
      const auto deepstack,
      vision.any_integers(
          {"layers with a merger of their own", {"deepstack_visual_indexes"}, 0, kMostLayers}));
  if (deepstack.size() > 64) return vision.refuse("deepstack_visual_indexes", "at most 64");
  const std::int64_t mergers = static_cast<std::int64_t>(deepstack.size());
  arch.parameters = patches + h + positions * h + arch.layers * classic_layer(arch) + 2 * h +
                    merger(merged, out) + mergers * (2 * merged + merger(merged, out));
  return arch;
}

Result<VisionArch> read_omni_audio(const ConfigSections& audio) {
  VisionArch arch;
  HEADROOM_TRY(
      arch.layers,
      audio.integer({"audio layers", {"encoder_layers", "num_hidden_layers"}, 1, kMostLayers}));
  HEADROOM_TRY(arch.hidden, tower_figure(audio, "d_model", kMostTowerWidth));
  HEADROOM_TRY(arch.heads, tower_figure(audio, "encoder_attention_heads", kMostTowerWidth));
  HEADROOM_TRY(arch.mlp_width, tower_figure(audio, "encoder_ffn_dim", kMostTowerWidth * 16));
  HEADROOM_TRY(const std::int64_t bins, tower_figure(audio, "num_mel_bins", 4'096));
  HEADROOM_TRY(const std::int64_t out, tower_figure(audio, "output_dim", kMostHidden));
  const std::int64_t h = arch.hidden;
  const std::int64_t layer = classic_layer(arch) - h;  // keys have no bias
  const std::int64_t convolutions = 3 * bins * h + h + 3 * h * h + h;
  // A norm, the projection, and the two tokens that open and close audio.
  arch.parameters = convolutions + arch.layers * layer + 2 * h + h * out + out + 2 * out;
  return arch;
}

}  // namespace headroom
