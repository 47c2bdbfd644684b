#include "sim/models/config_document.hpp"
#include "sim/models/limits.hpp"
#include "sim/models/towers/tower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace headroom {
namespace {

/// A model class and the tower that it carries. Without `tower_type` the class has only one.
struct Row {
  std::string_view model_type;
  std::string_view tower_type;
  ReadTower read;
  bool data_parallel;  // vLLM's class can run it whole on every rank
};

constexpr std::array kRows{
    Row{"gemma3", "siglip_vision_model", read_siglip_of_gemma3, false},
    Row{"gemma4", "gemma4_vision", read_gemma4_tower, false},
    Row{"llama4", "llama4_vision_model", read_llama4_tower, true},
    Row{"llava", "clip_vision_model", read_clip_of_llava, false},
    Row{"llava", "pixtral", read_pixtral_of_llava, false},
    Row{"mistral3", "pixtral", read_pixtral_of_mistral3, false},
    Row{"internvl_chat", "", read_intern_vit, true},
    Row{"qwen2_vl", "", read_qwen2_tower, true},
    Row{"qwen2_5_vl", "", read_qwen2_5_tower, true},
    Row{"qwen2_5_omni", "", read_qwen2_5_tower, false},
    Row{"qwen2_5_omni_thinker", "", read_qwen2_5_tower, false},
    Row{"qwen3_vl", "", read_qwen3_tower, true},
    Row{"qwen3_vl_moe", "", read_qwen3_tower, true},
    Row{"qwen3_5", "", read_qwen3_tower, true},  // its class is one of Qwen3-VL's
    Row{"qwen3_5_moe", "", read_qwen3_tower, true},
};

std::string supported() {
  std::string out;
  for (const Row& row : kRows) {
    if (!out.empty()) out += ", ";
    out += row.model_type;
    if (!row.tower_type.empty()) out += fmt::format(" with {}", row.tower_type);
  }
  return out;
}

}  // namespace

Result<VisionArch> read_tower_sizes(const ConfigSections& vision) {
  VisionArch arch;
  HEADROOM_TRY(arch.layers,
               vision.integer({"vision layers", {"num_hidden_layers", "depth"}, 1, kMostLayers}));
  HEADROOM_TRY(
      arch.hidden,
      vision.integer({"vision hidden size", {"embed_dim", "hidden_size"}, 1, kMostTowerWidth}));
  HEADROOM_TRY(
      arch.heads,
      vision.integer({"vision heads", {"num_attention_heads", "num_heads"}, 1, kMostTowerWidth}));
  return arch;
}

Result<std::int64_t> tower_figure(const ConfigSections& vision, std::string_view key,
                                  std::int64_t most) {
  return vision.integer({key, {key}, 1, most});
}

Result<std::int64_t> tower_figure_or(const ConfigSections& vision, std::string_view key,
                                     std::int64_t most, std::int64_t absent) {
  return vision.integer_or({key, {key}, 1, most}, absent);
}

std::int64_t classic_layer(const VisionArch& arch) {
  const std::int64_t h = arch.hidden;
  return 4 * (h * h + h) + 2 * h * arch.mlp_width + arch.mlp_width + h + 4 * h;
}

Result<std::optional<VisionArch>> read_vision(const ConfigSections& holder,
                                              std::string_view model_type,
                                              std::int64_t text_hidden) {
  HEADROOM_TRY(const auto vision, holder.child("vision_config"));
  if (!vision) return std::optional<VisionArch>();
  constexpr std::string_view kTypeKeys[] = {"model_type"};
  HEADROOM_TRY(const std::string tower_type, vision->string_or(kTypeKeys, ""));
  const auto at = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) {
    return row.model_type == model_type && (row.tower_type.empty() || row.tower_type == tower_type);
  });
  if (at == kRows.end()) {
    return fail(fmt::format("this vision tower is not known: vision_config.model_type is '{}' in a "
                            "model_type '{}'",
                            tower_type.substr(0, 40), model_type.substr(0, 40)),
                holder.place(), fmt::format("known: {}", supported()));
  }
  HEADROOM_TRY(VisionArch arch, at->read({*vision, holder, text_hidden}));
  arch.data_parallel = at->data_parallel;
  return std::optional(arch);
}

}  // namespace headroom
