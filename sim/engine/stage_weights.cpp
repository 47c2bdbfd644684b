#include "sim/engine/stage_weights.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/whole.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace headroom {
namespace {

/// Adds up the tensors of a stage as its ranks hold them.
class WeightSum {
 public:
  WeightSum(const Model& model, ShardSizes sizes) : model_(model), sizes_(sizes) {}

  void add(const LayerKind& kind, const std::vector<Tensor>& tensors, std::int64_t times = 1) {
    for (const Tensor& tensor : tensors) {
      const Bytes bytes = times * tensor_bytes(model_, kind, shard(tensor, sizes_));
      sum_.total += bytes;
      if (is_replicated(tensor, sizes_)) sum_.replicated += bytes;
    }
  }
  void add_encoder(std::int64_t parameters, std::int64_t copied) {
    sum_.total += (copied + divide_up(parameters - copied, sizes_.tp)) * model_.dtype_bytes;
    if (sizes_.tp > 1) sum_.replicated += copied * model_.dtype_bytes;
  }
  [[nodiscard]] StageWeights sum() const { return sum_; }

 private:
  const Model& model_;
  ShardSizes sizes_;
  StageWeights sum_;
};

}  // namespace

StageWeights stage_weights(const Model& model, const ShardSizes& sizes, const StageLayers& stage,
                           bool whole_encoder, std::int64_t copied_encoder) {
  const TextArch& text = model.text;
  HEADROOM_ASSERT(
      stage.first >= 0 && stage.first + stage.layers <= text.layers(),
      fmt::format("layers {} to {} of {}", stage.first, stage.first + stage.layers, text.layers()));
  WeightSum sum(model, sizes);
  std::vector<std::int64_t> of_kind(text.kinds.size(), 0);
  for (std::int64_t i = stage.first; i < stage.first + stage.layers; ++i) {
    ++of_kind[text.kind_of_layer[static_cast<std::size_t>(i)]];
  }
  for (std::size_t i = 0; i < of_kind.size(); ++i) {
    if (of_kind[i] > 0) sum.add(text.kinds[i], layer_tensors(text, text.kinds[i]), of_kind[i]);
  }
  if (stage.index == 0) {
    sum.add({}, embedding_tensors(text));
    if (model.vision) {
      const std::int64_t all = model.vision->parameters;
      sum.add_encoder(all, whole_encoder ? all : std::min(all, copied_encoder));
    }
    for (const Encoder& encoder : model.encoders) sum.add_encoder(encoder.shape.parameters, 0);
  }
  if (stage.index == stage.stages - 1) {
    sum.add({}, head_tensors(text));
    // The LM head is the embedding table itself only where both are on the same GPU.
    if (text.tied_embeddings && stage.index != 0) {
      sum.add({}, {{"lm_head", text.vocab, text.hidden, Split::vocabulary}});
    }
  }
  return sum.sum();
}

}  // namespace headroom
