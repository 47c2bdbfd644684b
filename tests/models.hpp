#pragma once
// Looking into models, and changing them, in tests.

#include "sim/models/model.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace headroom::test {

/// The attention and the dense MLP of a kind of layer, to be changed.
[[nodiscard]] inline Attention& attention_of(Model& model, std::size_t kind = 0) {
  return *model.text.kinds.at(kind).attention();
}
[[nodiscard]] inline Mlp& mlp_of(Model& model, std::size_t kind = 0) {
  return std::get<Mlp>(model.text.kinds.at(kind).mlp);
}

/// A letter for every layer: 'f'ull, 's'liding or 'c'hunked attention, '-' without attention.
[[nodiscard]] inline std::string reach_text(const TextArch& text) {
  std::string out;
  for (std::int64_t i = 0; i < text.layers(); ++i) {
    const Attention* attention = text.layer(i).attention();
    out += attention == nullptr ? '-' : "fsc"[static_cast<int>(attention->reach)];
  }
  return out;
}

/// The largest window of any layer; 0 = none.
[[nodiscard]] inline std::int64_t window_of(const TextArch& text) {
  std::int64_t window = 0;
  for (const LayerKind& kind : text.kinds) {
    if (const Attention* attention = kind.attention()) window = std::max(window, attention->window);
  }
  return window;
}

}  // namespace headroom::test
