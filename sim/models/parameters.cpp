#include "sim/models/model.hpp"

namespace headroom {

bool TextArch::is_full_attention(std::int64_t index) const {
  if (sliding_window == 0) return true;
  return sliding_pattern > 0 && (index + 1) % sliding_pattern == 0;
}

std::int64_t layer_parameters(const TextArch& text) {
  const std::int64_t query = text.heads * text.head_dim;
  const std::int64_t key_value = 2 * text.kv_heads * text.head_dim;
  std::int64_t sum = text.hidden * (2 * query + key_value);  // q, o; k, v
  if (text.qkv_bias) sum += query + key_value;
  if (text.attention_output_bias) sum += text.hidden;
  if (text.qk_norm) sum += 2 * text.head_dim;
  if (text.qk_norm_per_head) sum += (text.heads + text.kv_heads) * text.head_dim;

  const std::int64_t inward = text.mlp == MlpKind::gated ? 2 : 1;
  sum += (inward + 1) * text.hidden * text.mlp_width;
  if (text.mlp_bias) sum += inward * text.mlp_width + text.hidden;

  return sum + text.norms_per_layer * text.hidden * (text.norm_bias ? 2 : 1);
}

std::int64_t embedding_parameters(const TextArch& text) { return text.vocab * text.hidden; }

std::int64_t total_parameters(const Model& model) {
  const TextArch& text = model.text;
  std::int64_t sum = text.layers * layer_parameters(text);
  sum += embedding_parameters(text) * (text.tied_embeddings ? 1 : 2);
  sum += text.learned_positions * text.hidden;
  sum += text.final_norms * text.hidden * (text.norm_bias ? 2 : 1);
  if (model.vision) sum += model.vision->parameters;
  return sum;
}

Bytes weight_bytes(const Model& model) { return total_parameters(model) * model.dtype_bytes; }

}  // namespace headroom
