#pragma once
// Encoders beside the text decoder: vision towers by the kind of model that carries them, and
// audio.
//
// To add one: write its reader in a file of this folder and a row in registry.cpp.

#include "sim/core/result.hpp"
#include "sim/models/config_section.hpp"
#include "sim/models/model.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headroom {

/// Where a tower's figures are.
struct TowerReading {
  const ConfigSections& vision;  // its own section
  const ConfigSections& whole;   // the document, for the projector's keys
  std::int64_t text_hidden = 0;
};

using ReadTower = Result<VisionArch> (*)(const TowerReading& reading);

// CLIP and its like: learned positions, two norms, MLPs of two matrices, biases.
[[nodiscard]] Result<VisionArch> read_siglip_of_gemma3(const TowerReading& reading);
[[nodiscard]] Result<VisionArch> read_clip_of_llava(const TowerReading& reading);
[[nodiscard]] Result<VisionArch> read_llama4_tower(const TowerReading& reading);
[[nodiscard]] Result<VisionArch> read_intern_vit(const TowerReading& reading);
// Of Qwen.
[[nodiscard]] Result<VisionArch> read_qwen2_tower(const TowerReading& reading);
[[nodiscard]] Result<VisionArch> read_qwen2_5_tower(const TowerReading& reading);
[[nodiscard]] Result<VisionArch> read_qwen3_tower(const TowerReading& reading);
// With the layers of a text model.
[[nodiscard]] Result<VisionArch> read_gemma4_tower(const TowerReading& reading);
[[nodiscard]] Result<VisionArch> read_pixtral_of_mistral3(const TowerReading& reading);
[[nodiscard]] Result<VisionArch> read_pixtral_of_llava(const TowerReading& reading);

/// The audio encoder of Qwen2.5-Omni's thinker.
[[nodiscard]] Result<VisionArch> read_omni_audio(const ConfigSections& audio);

/// The vision tower of a config, nullopt when it describes none. `holder` is the section that holds
/// the tower's. Error: a tower that is not known, or a figure missing or absurd.
[[nodiscard]] Result<std::optional<VisionArch>> read_vision(const ConfigSections& holder,
                                                            std::string_view model_type,
                                                            std::int64_t text_hidden);

// --- pieces ---

/// Figures that all towers have; the keys are tried in order.
[[nodiscard]] Result<VisionArch> read_tower_sizes(const ConfigSections& vision);
/// A figure of a tower that must be there.
[[nodiscard]] Result<std::int64_t> tower_figure(const ConfigSections& vision, std::string_view key,
                                                std::int64_t most);
[[nodiscard]] Result<std::int64_t> tower_figure_or(const ConfigSections& vision,
                                                   std::string_view key, std::int64_t most,
                                                   std::int64_t absent);
/// Four projections with biases, an MLP of two matrices with biases, two norms with biases.
[[nodiscard]] std::int64_t classic_layer(const VisionArch& arch);

inline constexpr std::int64_t kMostPixels = 16'384;  // a side
inline constexpr std::int64_t kMostTowerWidth = std::int64_t{1} << 17;

}  // namespace headroom
