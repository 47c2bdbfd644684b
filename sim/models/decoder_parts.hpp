#pragma once
// A decoder while it is read: figures that most layers share, before they are put together.

#include "sim/models/model.hpp"

#include <cstdint>

namespace headroom {

/// A decoder whose layers are alike, but for the reach of their attention.
struct DecoderParts {
  TextArch text;  // without layers
  std::int64_t layers = 0;
  Attention attention;  // with full reach
  Mlp mlp;
  std::int64_t norms = 2;   // of each layer
  std::int64_t window = 0;  // tokens; 0 = every layer attends to everything
  /// Every `pattern`-th layer is full, the others slide (6 for gemma-3). 1 = all are full; 0 = all
  /// slide.
  std::int64_t pattern = 1;
};

/// The decoder with its layers.
[[nodiscard]] TextArch assemble(const DecoderParts& parts);

}  // namespace headroom
