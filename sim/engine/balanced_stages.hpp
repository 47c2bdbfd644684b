#pragma once
// How many layers each pipeline stage gets where one may choose: the stages with the embedding, the
// vision tower or the LM head fewer than the others, so that all have memory for the cache.

#include "sim/engine/stage_weights.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace headroom {

/// Sequences of full length that a stage of these layers holds; 0 where it holds none. Must not
/// grow with the layers of a stage.
using StageHolds = std::function<std::int64_t(const StageLayers&)>;

/// Layers of each of `pp` stages, at least one each, so that all hold as many sequences as can be,
/// up to `sequences`; of such splits the one whose largest stage is smallest. nullopt where no
/// split holds one. Precondition: 1 <= pp <= layers, 1 <= sequences.
[[nodiscard]] std::optional<std::vector<std::int64_t>> balance_stages(std::int64_t layers, int pp,
                                                                      std::int64_t sequences,
                                                                      const StageHolds& holds);

}  // namespace headroom
