#pragma once
// Model families: what a config.json leaves to its configuration class.

#include "sim/models/decoder_parts.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

/// Everything that follows from `model_type` alone. The figures are those of the Hugging Face
/// configuration and model classes of that name (recalled; the exact parameter counts of published
/// models are the check).
struct Family {
  std::string_view model_type;
  std::string_view architecture;  // when `architectures` is missing
  DecoderParts base;         // shape flags, and class defaults for figures that have one (else 0)
  bool bias_by_key = false;  // `attention_bias` gives q, k, v and the output a bias
  bool mlp_bias_by_key = false;  // `mlp_bias`
  /// How the class reads `sliding_window`, where no `layer_types` list decides.
  enum class Window { none, always, switched } window = Window::none;  // switched: by another key
  std::int64_t window_default = 0;  // when the key is missing (not when it is null)
  std::int64_t pattern = 0;         // DecoderParts::pattern when there is a window
};

[[nodiscard]] std::span<const Family> model_families();
/// Null when the family is not known.
[[nodiscard]] const Family* find_family(std::string_view model_type);

/// "llama-2-7b" of "meta-llama/Llama-2-7b-hf".
[[nodiscard]] std::string short_model_name(std::string_view hub_id);

}  // namespace headroom
