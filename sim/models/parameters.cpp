#include "sim/models/model.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <variant>

namespace headroom {
namespace {

std::int64_t elements_of(const std::vector<Tensor>& tensors) {
  return std::accumulate(tensors.begin(), tensors.end(), std::int64_t{0},
                         [](std::int64_t sum, const Tensor& t) { return sum + t.elements(); });
}

/// Layers of each kind.
std::vector<std::int64_t> layers_by_kind(const TextArch& text) {
  std::vector<std::int64_t> counts(text.kinds.size(), 0);
  for (const std::uint8_t kind : text.kind_of_layer) ++counts[kind];
  return counts;
}

std::int64_t encoder_parameters(const Model& model) {
  std::int64_t sum = model.vision ? model.vision->parameters : 0;
  for (const Encoder& encoder : model.encoders) sum += encoder.shape.parameters;
  return sum;
}

}  // namespace

const Attention* TextArch::main_attention() const {
  for (const std::uint8_t kind : kind_of_layer) {
    if (const Attention* attention = kinds[kind].attention()) return attention;
  }
  return nullptr;
}

std::int64_t TextArch::heads() const {
  const Attention* attention = main_attention();
  return attention == nullptr ? 0 : attention->heads;
}

std::int64_t TextArch::kv_heads() const {
  const Attention* attention = main_attention();
  return attention == nullptr ? 0 : attention->kv_heads;
}

std::int64_t TextArch::head_dim() const {
  const Attention* attention = main_attention();
  if (attention == nullptr) return 0;
  return attention->latent ? attention->latent->kv_rank + attention->latent->rope
                           : attention->head_dim;
}

bool TextArch::has_experts() const {
  return std::any_of(kinds.begin(), kinds.end(),
                     [](const LayerKind& k) { return std::holds_alternative<Experts>(k.mlp); });
}

TextArch dense_decoder(const DenseShape& shape) {
  Attention attention;
  attention.heads = shape.heads;
  attention.kv_heads = shape.kv_heads;
  attention.head_dim = shape.head_dim;
  LayerKind kind;
  kind.mixer = attention;
  kind.mlp = Mlp{MlpKind::gated, shape.mlp_width, false};
  TextArch text;
  text.hidden = shape.hidden;
  text.vocab = shape.vocab;
  text.kinds.push_back(std::move(kind));
  text.kind_of_layer.assign(static_cast<std::size_t>(shape.layers), 0);
  return text;
}

std::int64_t layer_parameters(const TextArch& text, const LayerKind& kind) {
  return elements_of(layer_tensors(text, kind));
}

std::int64_t embedding_parameters(const TextArch& text) { return text.vocab * text.hidden; }

std::int64_t total_parameters(const Model& model) {
  const TextArch& text = model.text;
  const auto layers = layers_by_kind(text);
  std::int64_t sum = elements_of(embedding_tensors(text)) + elements_of(head_tensors(text));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    sum += layers[i] * layer_parameters(text, text.kinds[i]);
  }
  return sum + encoder_parameters(model);
}

const Quantization& quantization_of(const Model& model, const Tensor& tensor) {
  return model.expert_quantization && is_expert(tensor) ? *model.expert_quantization
                                                        : model.quantization;
}

bool is_quantized(const Model& model, const LayerKind& kind, const Tensor& tensor) {
  const Quantization& scheme = quantization_of(model, tensor);
  return tensor.quantizable && scheme.quantized() && (!scheme.experts_only || is_expert(tensor)) &&
         std::find(kind.kept.begin(), kind.kept.end(), tensor.name) == kind.kept.end();
}

Bytes tensor_bytes(const Model& model, const LayerKind& kind, const Tensor& tensor) {
  if (!is_quantized(model, kind, tensor)) return tensor.elements() * model.dtype_bytes;
  return quantized_bytes(quantization_of(model, tensor), tensor.out, tensor.in, tensor.copies);
}

Bytes weight_bytes(const Model& model) {
  const TextArch& text = model.text;
  const auto layers = layers_by_kind(text);
  std::int64_t plain = elements_of(embedding_tensors(text)) + elements_of(head_tensors(text));
  plain += encoder_parameters(model);
  Bytes bytes = plain * model.dtype_bytes;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const Tensor& tensor : layer_tensors(text, text.kinds[i])) {
      bytes += layers[i] * tensor_bytes(model, text.kinds[i], tensor);
    }
  }
  return bytes;
}

}  // namespace headroom
