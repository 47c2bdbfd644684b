#include "tests/sim/tensor_list.hpp"

namespace headroom::test {

std::int64_t number(const Json& config, const char* key) {
  return config.at(key).get<std::int64_t>();
}

std::int64_t number_or(const Json& config, const char* key, std::int64_t fallback) {
  const auto found = config.find(key);
  return found == config.end() || found->is_null() ? fallback : found->get<std::int64_t>();
}

bool flag(const Json& config, const char* key, bool fallback) {
  const auto found = config.find(key);
  return found == config.end() || found->is_null() ? fallback : found->get<bool>();
}

bool is_at(const Json& config, const char* key, std::int64_t index, std::string_view text) {
  const auto found = config.find(key);
  return found != config.end() && found->is_array() &&
         found->at(static_cast<std::size_t>(index)).get<std::string>() == text;
}

Frame frame_of(const Json& text, bool tied_by_default) {
  Frame frame;
  frame.vocab = number(text, "vocab_size");
  frame.hidden = number(text, "hidden_size");
  frame.layers = number(text, "num_hidden_layers");
  frame.tied = flag(text, "tie_word_embeddings", tied_by_default);
  return frame;
}

void decoder(TensorList& list, const Frame& frame, const LayerFunction& layer) {
  list.add(frame.root + "embed_tokens.weight", {frame.vocab, frame.hidden});
  for (std::int64_t i = 0; i < frame.layers; ++i) {
    layer(list, frame.root + "layers." + std::to_string(i) + ".", i);
  }
  list.norm(frame.root + "norm", frame.hidden);
  if (!frame.tied) list.linear(frame.head, frame.hidden, frame.vocab);
}

Heads heads_of(const Json& text) {
  Heads heads;
  heads.query = number(text, "num_attention_heads");
  heads.kv = number_or(text, "num_key_value_heads", heads.query);
  heads.key_width = number_or(text, "head_dim", number(text, "hidden_size") / heads.query);
  heads.value_width = heads.key_width;
  return heads;
}

void four_projections(TensorList& list, const std::string& attention, std::int64_t hidden,
                      const Heads& heads, bool qkv_bias, bool output_bias) {
  list.linear_with(qkv_bias, attention + "q_proj", hidden, heads.query * heads.key_width);
  list.linear_with(qkv_bias, attention + "k_proj", hidden, heads.kv * heads.key_width);
  list.linear_with(qkv_bias, attention + "v_proj", hidden, heads.kv * heads.value_width);
  list.linear_with(output_bias, attention + "o_proj", heads.query * heads.value_width, hidden);
}

void qk_norms(TensorList& list, const std::string& attention, std::int64_t head_dim) {
  list.norm(attention + "q_norm", head_dim);
  list.norm(attention + "k_norm", head_dim);
}

namespace {

void sparse_indexer(TensorList& list, const std::string& indexer, const Json& text) {
  const std::int64_t hidden = number(text, "hidden_size");
  const std::int64_t heads = number(text, "index_n_heads");
  const std::int64_t width = number(text, "index_head_dim");
  list.linear(indexer + "wq_b", number(text, "q_lora_rank"), heads * width);
  list.linear(indexer + "wk", hidden, width);
  list.layer_norm(indexer + "k_norm", width);
  list.linear(indexer + "weights_proj", hidden, heads);
}

}  // namespace

void latent_attention(TensorList& list, const std::string& attention, const Json& text) {
  const std::int64_t hidden = number(text, "hidden_size");
  const std::int64_t heads = number(text, "num_attention_heads");
  const std::int64_t nope = number(text, "qk_nope_head_dim");
  const std::int64_t rope = number(text, "qk_rope_head_dim");
  const std::int64_t value = number(text, "v_head_dim");
  const std::int64_t q_rank = number(text, "q_lora_rank");
  const std::int64_t kv_rank = number(text, "kv_lora_rank");
  list.linear(attention + "q_a_proj", hidden, q_rank);
  list.norm(attention + "q_a_layernorm", q_rank);
  list.linear(attention + "q_b_proj", q_rank, heads * (nope + rope));
  list.linear(attention + "kv_a_proj_with_mqa", hidden, kv_rank + rope);
  list.norm(attention + "kv_a_layernorm", kv_rank);
  list.linear(attention + "kv_b_proj", kv_rank, heads * (nope + value));
  list.linear(attention + "o_proj", heads * value, hidden);
  if (text.contains("index_n_heads")) sparse_indexer(list, attention + "indexer.", text);
}

void gated_delta_net(TensorList& list, const std::string& mixer, const Json& text, bool apart) {
  const std::int64_t hidden = number(text, "hidden_size");
  const std::int64_t value_heads = number(text, "linear_num_value_heads");
  const std::int64_t value_width = number(text, "linear_value_head_dim");
  const std::int64_t keys =
      number(text, "linear_num_key_heads") * number(text, "linear_key_head_dim");
  const std::int64_t values = value_heads * value_width;
  const std::int64_t convolved = 2 * keys + values;
  if (apart) {
    list.linear(mixer + "in_proj_qkv", hidden, convolved);
    list.linear(mixer + "in_proj_z", hidden, values);
    list.linear(mixer + "in_proj_b", hidden, value_heads);
    list.linear(mixer + "in_proj_a", hidden, value_heads);
  } else {
    list.linear(mixer + "in_proj_qkvz", hidden, convolved + values);
    list.linear(mixer + "in_proj_ba", hidden, 2 * value_heads);
  }
  list.add(mixer + "conv1d.weight", {convolved, 1, number(text, "linear_conv_kernel_dim")});
  list.add(mixer + "dt_bias", {value_heads});
  list.add(mixer + "A_log", {value_heads});
  list.norm(mixer + "norm", value_width);
  list.linear(mixer + "out_proj", values, hidden);
}

void gated_attention(TensorList& list, const std::string& attention, const Json& text) {
  const std::int64_t hidden = number(text, "hidden_size");
  const Heads heads = heads_of(text);
  list.linear(attention + "q_proj", hidden, 2 * heads.query * heads.key_width);
  list.linear(attention + "k_proj", hidden, heads.kv * heads.key_width);
  list.linear(attention + "v_proj", hidden, heads.kv * heads.value_width);
  list.linear(attention + "o_proj", heads.query * heads.value_width, hidden);
  qk_norms(list, attention, heads.key_width);
}

void mamba2(TensorList& list, const std::string& mixer, const Json& text) {
  const std::int64_t hidden = number(text, "hidden_size");
  const std::int64_t heads = number(text, "mamba_num_heads");
  const std::int64_t inner = heads * number(text, "mamba_head_dim");
  const std::int64_t states = 2 * number(text, "n_groups") * number(text, "ssm_state_size");
  const bool bias = flag(text, "use_bias", false);
  list.linear_with(bias, mixer + "in_proj", hidden, 2 * inner + states + heads);
  list.add(mixer + "conv1d.weight", {inner + states, 1, number(text, "conv_kernel")});
  if (flag(text, "use_conv_bias", true)) list.add(mixer + "conv1d.bias", {inner + states});
  list.add(mixer + "dt_bias", {heads});
  list.add(mixer + "A_log", {heads});
  list.add(mixer + "D", {heads});
  list.norm(mixer + "norm", inner);
  list.linear_with(bias, mixer + "out_proj", inner, hidden);
}

void gated_mlp(TensorList& list, const std::string& mlp, std::int64_t hidden, std::int64_t width,
               std::int64_t copies) {
  list.linear(mlp + "gate_proj", hidden, width, copies);
  list.linear(mlp + "up_proj", hidden, width, copies);
  list.linear(mlp + "down_proj", width, hidden, copies);
}

void numbered_mlp(TensorList& list, const std::string& mlp, std::int64_t hidden, std::int64_t width,
                  std::int64_t copies) {
  list.linear(mlp + "w1", hidden, width, copies);
  list.linear(mlp + "w3", hidden, width, copies);
  list.linear(mlp + "w2", width, hidden, copies);
}

void plain_mlp(TensorList& list, const std::string& mlp, std::int64_t hidden, std::int64_t width,
               std::int64_t copies) {
  list.linear(mlp + "up_proj", hidden, width, copies);
  list.linear(mlp + "down_proj", width, hidden, copies);
}

void qwen_moe(TensorList& list, const std::string& mlp, const Json& text) {
  const std::int64_t hidden = number(text, "hidden_size");
  const std::int64_t experts = number(text, "num_experts");
  list.linear(mlp + "gate", hidden, experts);
  gated_mlp(list, mlp + "experts.*.", hidden, number(text, "moe_intermediate_size"), experts);
  if (const auto shared = number_or(text, "shared_expert_intermediate_size", 0); shared > 0) {
    gated_mlp(list, mlp + "shared_expert.", hidden, shared);
    list.linear(mlp + "shared_expert_gate", hidden, 1);
  }
}

void deepseek_moe(TensorList& list, const std::string& mlp, const Json& text) {
  const std::int64_t hidden = number(text, "hidden_size");
  const std::int64_t experts = number(text, "n_routed_experts");
  const std::int64_t width = number(text, "moe_intermediate_size");
  list.linear(mlp + "gate", hidden, experts);
  list.add(mlp + "gate.e_score_correction_bias", {experts});
  gated_mlp(list, mlp + "experts.*.", hidden, width, experts);
  if (const auto shared = number_or(text, "n_shared_experts", 0); shared > 0) {
    gated_mlp(list, mlp + "shared_experts.", hidden, shared * width);
  }
}

}  // namespace headroom::test
