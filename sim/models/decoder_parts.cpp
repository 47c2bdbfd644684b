#include "sim/models/decoder_parts.hpp"

#include <utility>

namespace headroom {

TextArch assemble(const DecoderParts& parts) {
  TextArch text = parts.text;
  LayerKind full;
  full.mixer = parts.attention;
  full.mlp = parts.mlp;
  full.norms = parts.norms;
  LayerKind sliding = full;
  sliding.attention()->reach = Attention::Reach::sliding;
  sliding.attention()->window = parts.window;

  const bool any_sliding = parts.window > 0 && parts.pattern != 1;
  const bool any_full = !any_sliding || parts.pattern > 0;
  if (any_full) text.kinds.push_back(std::move(full));
  if (any_sliding) text.kinds.push_back(std::move(sliding));
  for (std::int64_t i = 0; i < parts.layers; ++i) {
    const bool is_full = !any_sliding || (parts.pattern > 0 && (i + 1) % parts.pattern == 0);
    text.kind_of_layer.push_back(is_full || !any_full ? 0 : 1);
  }
  return text;
}

}  // namespace headroom
