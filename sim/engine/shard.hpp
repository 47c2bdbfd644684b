#pragma once
// What one GPU holds of a tensor.

#include "sim/engine/engine.hpp"
#include "sim/models/model.hpp"

namespace headroom {

/// vLLM and SGLang pad the vocabulary to a multiple of this
/// (layers/vocab_parallel_embedding.py of both).
inline constexpr std::int64_t kVocabPadding = 64;

/// In how many parts the tensors of one pipeline stage are cut.
struct ShardSizes {
  int tp = 1;                      // attention, dense MLPs, vocabulary
  int expert_width = 1;            // slices of each routed expert
  int expert_groups = 1;           // ranks over which whole experts are spread
  std::int64_t vocab_padding = 1;  // the vocabulary is padded to a multiple of this first
  // A rank's share of each expert is padded up to multiples of these: the width of the expert (gate
  // and up each), and the width of what it reads and writes.
  std::int64_t expert_width_padding = 1;
  std::int64_t expert_hidden_padding = 1;
};

/// The part of the rank that holds most. Precondition: what must divide does, or is rounded up.
[[nodiscard]] Tensor shard(const Tensor& tensor, const ShardSizes& sizes);

/// Whether every rank holds all of it.
[[nodiscard]] bool is_replicated(const Tensor& tensor, const ShardSizes& sizes);

}  // namespace headroom
