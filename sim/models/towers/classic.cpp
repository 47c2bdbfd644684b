// Towers of the kind of CLIP.

#include "sim/models/towers/tower.hpp"

namespace headroom {
namespace {

constexpr std::int64_t kMostChannels = 64;

/// Patches as a convolution's weights, without bias, and how many an image has.
struct Patches {
  std::int64_t weights = 0;
  std::int64_t count = 0;
};

Result<Patches> read_patches(const ConfigSections& vision, std::int64_t hidden) {
  HEADROOM_TRY(const std::int64_t image, tower_figure(vision, "image_size", kMostPixels));
  HEADROOM_TRY(const std::int64_t patch, tower_figure(vision, "patch_size", image));
  HEADROOM_TRY(const std::int64_t channels,
               tower_figure_or(vision, "num_channels", kMostChannels, 3));
  const std::int64_t side = image / patch;
  return Patches{channels * patch * patch * hidden, side * side};
}

Result<VisionArch> read_sizes(const ConfigSections& vision) {
  HEADROOM_TRY(VisionArch arch, read_tower_sizes(vision));
  HEADROOM_TRY(
      arch.mlp_width,
      vision.integer({"vision MLP width", {"intermediate_size"}, 1, kMostTowerWidth * 16}));
  return arch;
}

}  // namespace

Result<VisionArch> read_siglip_of_gemma3(const TowerReading& reading) {
  const ConfigSections& vision = reading.vision;
  HEADROOM_TRY(VisionArch arch, read_sizes(vision));
  HEADROOM_TRY(const Patches patches, read_patches(vision, arch.hidden));
  HEADROOM_TRY(const bool pooling_head, vision.boolean_or("vision_use_head", true));
  if (pooling_head) {
    return fail(
        "a vision tower with a pooling head is not read: vision_config.vision_use_head is true, or "
        "missing, which means true",
        vision.place());
  }
  const std::int64_t h = arch.hidden;
  const std::int64_t tower =
      arch.layers * classic_layer(arch) + patches.weights + h + patches.count * h + 2 * h;
  arch.parameters = tower + h * reading.text_hidden + h;  // a matrix, and a norm without bias
  return arch;
}

Result<VisionArch> read_clip_of_llava(const TowerReading& reading) {
  HEADROOM_TRY(VisionArch arch, read_sizes(reading.vision));
  HEADROOM_TRY(const Patches patches, read_patches(reading.vision, arch.hidden));
  HEADROOM_TRY(const bool bias, reading.whole.boolean_or("multimodal_projector_bias", true));
  const std::int64_t h = arch.hidden;
  const std::int64_t text = reading.text_hidden;
  const std::int64_t tower = arch.layers * classic_layer(arch) + h + patches.weights +
                             (patches.count + 1) * h + 4 * h;  // a class token, two norms
  arch.parameters = tower + h * text + text * text + (bias ? 2 * text : 0);
  return arch;
}

Result<VisionArch> read_llama4_tower(const TowerReading& reading) {
  const ConfigSections& vision = reading.vision;
  HEADROOM_TRY(VisionArch arch, read_sizes(vision));
  HEADROOM_TRY(const Patches patches, read_patches(vision, arch.hidden));
  HEADROOM_TRY(const std::int64_t in, tower_figure(vision, "projector_input_dim", kMostTowerWidth));
  HEADROOM_TRY(const std::int64_t out,
               tower_figure(vision, "projector_output_dim", kMostTowerWidth));
  HEADROOM_TRY(const std::int64_t last, tower_figure(vision, "vision_output_dim", kMostTowerWidth));
  const std::int64_t h = arch.hidden;
  const std::int64_t tower =
      arch.layers * classic_layer(arch) + patches.weights + h + (patches.count + 1) * h + 4 * h;
  // A shuffle of pixels makes as many values of a patch as the MLP is wide.
  const std::int64_t adapter = arch.mlp_width * in + out * out;
  arch.parameters = tower + adapter + last * reading.text_hidden;
  return arch;
}

Result<VisionArch> read_intern_vit(const TowerReading& reading) {
  const ConfigSections& vision = reading.vision;
  HEADROOM_TRY(VisionArch arch, read_sizes(vision));
  HEADROOM_TRY(const Patches patches, read_patches(vision, arch.hidden));
  HEADROOM_TRY(const bool qkv_bias, vision.boolean_or("qkv_bias", false));
  HEADROOM_TRY(const bool normed, vision.boolean_or("qk_normalization", true));
  constexpr std::string_view kNormKeys[] = {"norm_type"};
  HEADROOM_TRY(const std::string norm, vision.string_or(kNormKeys, "rms_norm"));
  HEADROOM_TRY(const double ratio, reading.whole.number_or("downsample_ratio", 0.5));
  const std::int64_t h = arch.hidden;
  std::int64_t layer = classic_layer(arch) + 2 * h;  // two vectors scale what a layer adds
  if (!qkv_bias) layer -= 3 * h;
  if (normed) layer += 2 * h;
  if (norm != "layer_norm") layer -= 2 * h;
  const std::int64_t tower =
      arch.layers * layer + h + patches.weights + h + (patches.count + 1) * h;
  const std::int64_t merged = ratio == 1.0 ? h : 4 * h;
  const std::int64_t text = reading.text_hidden;
  const std::int64_t projector = 2 * merged + merged * text + text + text * text + text;
  arch.parameters = tower + projector;
  arch.replicates_odd_heads = true;
  return arch;
}

}  // namespace headroom
