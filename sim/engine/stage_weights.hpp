#pragma once
// Weights of one GPU of a pipeline stage: the tensors of its layers, cut as an engine cuts them.

#include "sim/engine/shard.hpp"
#include "sim/models/model.hpp"

#include <cstdint>

namespace headroom {

/// Which layers a stage holds: [first, first + layers).
struct StageLayers {
  int index = 0;
  int stages = 1;
  std::int64_t first = 0;
  std::int64_t layers = 0;
};

struct StageWeights {
  Bytes total = 0;
  Bytes replicated = 0;  // of these, what every rank of the stage holds whole
};

/// The first stage also holds the embedding and the vision tower (cut over the ranks, or
/// `whole_encoder` on each) and other encoders, cut; the last one the final norm and the LM head.
/// Tied tables are one where a stage is both, else each end has its own. `copied_encoder` of the
/// tower's parameters are on every rank although the rest is cut.
[[nodiscard]] StageWeights stage_weights(const Model& model, const ShardSizes& sizes,
                                         const StageLayers& stage, bool whole_encoder,
                                         std::int64_t copied_encoder = 0);

}  // namespace headroom
