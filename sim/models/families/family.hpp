#pragma once
// Model families: who reads a config.json of which `model_type`.
//
// To add one: write its reader in a file of this folder (most need only Traits, and a row in
// dense.cpp), and append its rows to the list that the file gives to registry.cpp.

#include "sim/models/reading.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace headroom {

struct Family {
  std::string_view model_type;
  std::string_view architecture;  // when `architectures` is missing
  Traits traits;
  Status (*read)(Reading& reading, const Traits& traits) = read_uniform;
  /// Layers may be other than dense attention alike in all layers but for windows: keys that speak
  /// of experts, latents, states and so on are read, not refused.
  bool mixed = false;
  bool supports_pipeline = true;  // vLLM's class implements pipeline stages
};

using Families = std::vector<Family>;

[[nodiscard]] Families dense_families();
[[nodiscard]] Families older_families();
[[nodiscard]] Families expert_families();
[[nodiscard]] Families latent_families();
[[nodiscard]] Families hybrid_families();
[[nodiscard]] Families gated_delta_families();
[[nodiscard]] Families mixed_head_families();
[[nodiscard]] Families encoder_decoder_families();

[[nodiscard]] std::span<const Family> model_families();
/// Null when the family is not known.
[[nodiscard]] const Family* find_family(std::string_view model_type);

}  // namespace headroom
