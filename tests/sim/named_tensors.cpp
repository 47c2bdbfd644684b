#include "tests/sim/named_tensors.hpp"

#include "tests/sim/tensor_list.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

namespace headroom::test {
namespace {

void two_norms(TensorList& list, const std::string& layer, std::int64_t hidden) {
  list.norm(layer + "input_layernorm", hidden);
  list.norm(layer + "post_attention_layernorm", hidden);
}

void four_norms(TensorList& list, const std::string& layer, std::int64_t hidden) {
  two_norms(list, layer, hidden);
  list.norm(layer + "pre_feedforward_layernorm", hidden);
  list.norm(layer + "post_feedforward_layernorm", hidden);
}

/// Llama and those that differ from it in a bias or in a norm for each head.
void llama_like(TensorList& list, const Json& text, const Frame& frame, bool qkv_bias,
                bool output_bias, bool norms) {
  const Heads heads = heads_of(text);
  const std::int64_t width = number(text, "intermediate_size");
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t) {
    two_norms(out, layer, frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads, qkv_bias, output_bias);
    if (norms) qk_norms(out, layer + "self_attn.", heads.key_width);
    gated_mlp(out, layer + "mlp.", frame.hidden, width);
  });
}

void llama(TensorList& list, const Json& config) {
  const bool bias = flag(config, "attention_bias", false);
  llama_like(list, config, frame_of(config), bias, bias, false);
}

void mistral(TensorList& list, const Json& config) {
  llama_like(list, config, frame_of(config), false, false, false);
}

void qwen2(TensorList& list, const Json& config) {
  llama_like(list, config, frame_of(config), true, false, false);
}

void qwen3(TensorList& list, const Json& config) {
  const bool bias = flag(config, "attention_bias", false);
  llama_like(list, config, frame_of(config), bias, bias, true);
}

void phi3(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const Heads heads = heads_of(config);
  const std::int64_t width = number(config, "intermediate_size");
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t) {
    const std::int64_t rows = (heads.query + 2 * heads.kv) * heads.key_width;
    two_norms(out, layer, frame.hidden);
    out.linear(layer + "self_attn.qkv_proj", frame.hidden, rows);
    out.linear(layer + "self_attn.o_proj", heads.query * heads.key_width, frame.hidden);
    out.linear(layer + "mlp.gate_up_proj", frame.hidden, 2 * width);
    out.linear(layer + "mlp.down_proj", width, frame.hidden);
  });
}

/// One norm before attention and feed-forward, which run side by side.
void cohere(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config, true);
  const Heads heads = heads_of(config);
  const bool bias = flag(config, "attention_bias", false);
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t) {
    out.norm(layer + "input_layernorm", frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads, bias, bias);
    if (flag(config, "use_qk_norm", false)) {
      out.add(layer + "self_attn.q_norm.weight", {heads.query, heads.key_width});
      out.add(layer + "self_attn.k_norm.weight", {heads.kv, heads.key_width});
    }
    gated_mlp(out, layer + "mlp.", frame.hidden, number(config, "intermediate_size"));
  });
}

/// Norms after attention and after feed-forward only.
void exaone4(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const Heads heads = heads_of(config);
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t) {
    four_projections(out, layer + "self_attn.", frame.hidden, heads);
    qk_norms(out, layer + "self_attn.", heads.key_width);
    out.norm(layer + "post_attention_layernorm", frame.hidden);
    out.norm(layer + "post_feedforward_layernorm", frame.hidden);
    gated_mlp(out, layer + "mlp.", frame.hidden, number(config, "intermediate_size"));
  });
}

void gemma_layers(TensorList& list, const Json& text, const Frame& frame, bool norms) {
  const Heads heads = heads_of(text);
  const std::int64_t width = number(text, "intermediate_size");
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t) {
    four_norms(out, layer, frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads);
    if (norms) qk_norms(out, layer + "self_attn.", heads.key_width);
    gated_mlp(out, layer + "mlp.", frame.hidden, width);
  });
}

void gemma2(TensorList& list, const Json& config) {
  gemma_layers(list, config, frame_of(config, true), false);
}

void gemma3(TensorList& list, const Json& config) {
  Json text = config.at("text_config");
  if (!text.contains("vocab_size")) text["vocab_size"] = 262'208;  // default of the config class
  Frame frame = frame_of(text, true);
  frame.root = "language_model.model.";
  gemma_layers(list, text, frame, true);
  if (config.contains("vision_config")) siglip_tower(list, config);
}

void mixtral(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const std::int64_t experts = number(config, "num_local_experts");
  const std::int64_t width = number(config, "intermediate_size");
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t) {
    two_norms(out, layer, frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads_of(config));
    out.linear(layer + "block_sparse_moe.gate", frame.hidden, experts);
    numbered_mlp(out, layer + "block_sparse_moe.experts.*.", frame.hidden, width, experts);
  });
}

/// As Mixtral, with a norm over the whole width of queries and of keys, and a correction bias.
void minimax_m2(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const Heads heads = heads_of(config);
  const std::int64_t experts = number(config, "num_local_experts");
  const std::int64_t width = number(config, "intermediate_size");
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t) {
    const std::string moe = layer + "block_sparse_moe.";
    two_norms(out, layer, frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads);
    out.norm(layer + "self_attn.q_norm", heads.query * heads.key_width);
    out.norm(layer + "self_attn.k_norm", heads.kv * heads.key_width);
    out.linear(moe + "gate", frame.hidden, experts);
    out.add(moe + "e_score_correction_bias", {experts});
    numbered_mlp(out, moe + "experts.*.", frame.hidden, width, experts);
  });
}

void gpt_oss(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const Heads heads = heads_of(config);
  const std::int64_t experts = number(config, "num_local_experts");
  const std::int64_t width = number(config, "intermediate_size");
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t) {
    two_norms(out, layer, frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads, true, true);
    out.add(layer + "self_attn.sinks", {heads.query});
    out.biased_linear(layer + "mlp.router", frame.hidden, experts);
    out.add(layer + "mlp.experts.gate_up_proj", {experts, frame.hidden, 2 * width});
    out.add(layer + "mlp.experts.gate_up_proj_bias", {experts, 2 * width});
    out.add(layer + "mlp.experts.down_proj", {experts, width, frame.hidden});
    out.add(layer + "mlp.experts.down_proj_bias", {experts, frame.hidden});
  });
}

bool is_qwen_moe_layer(const Json& text, std::int64_t index) {
  const auto dense = text.find("mlp_only_layers");
  if (dense != text.end() && std::find(dense->begin(), dense->end(), index) != dense->end()) {
    return false;
  }
  return number_or(text, "num_experts", 0) > 0 &&
         (index + 1) % number_or(text, "decoder_sparse_step", 1) == 0;
}

void qwen_feed_forward(TensorList& list, const std::string& layer, const Json& text,
                       std::int64_t index) {
  if (is_qwen_moe_layer(text, index)) {
    qwen_moe(list, layer + "mlp.", text);
  } else {
    gated_mlp(list, layer + "mlp.", number(text, "hidden_size"), number(text, "intermediate_size"));
  }
}

void qwen3_moe_text(TensorList& list, const Json& text, const Frame& frame) {
  const Heads heads = heads_of(text);
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t index) {
    two_norms(out, layer, frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads);
    qk_norms(out, layer + "self_attn.", heads.key_width);
    qwen_feed_forward(out, layer, text, index);
  });
}

void qwen3_moe(TensorList& list, const Json& config) {
  qwen3_moe_text(list, config, frame_of(config));
}

/// Gated delta nets with a full-attention layer among every `full_attention_interval`.
void qwen_hybrid(TensorList& list, const Json& text, const Frame& frame, bool apart) {
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t index) {
    two_norms(out, layer, frame.hidden);
    const bool full = text.contains("layer_types")
                          ? is_at(text, "layer_types", index, "full_attention")
                          : (index + 1) % number_or(text, "full_attention_interval", 4) == 0;
    if (full) {
      gated_attention(out, layer + "self_attn.", text);
    } else {
      gated_delta_net(out, layer + "linear_attn.", text, apart);
    }
    qwen_feed_forward(out, layer, text, index);
  });
}

void qwen3_next(TensorList& list, const Json& config) {
  qwen_hybrid(list, config, frame_of(config), false);
}

void qwen3_5(TensorList& list, const Json& config) {
  const Json& text = config.at("text_config");
  Frame frame = frame_of(text, flag(config, "tie_word_embeddings", false));
  frame.root = "model.language_model.";
  qwen_hybrid(list, text, frame, true);
  if (config.contains("vision_config")) qwen3_tower(list, config);
}

void qwen3_vl(TensorList& list, const Json& config) {
  const Json& text = config.at("text_config");
  Frame frame = frame_of(text, flag(config, "tie_word_embeddings", false));
  frame.root = "model.language_model.";
  qwen3_moe_text(list, text, frame);  // without experts, a Qwen3
  if (config.contains("vision_config")) qwen3_tower(list, config);
}

void qwen2_5_vl(TensorList& list, const Json& config) {
  const Json& text = config.contains("text_config") ? config.at("text_config") : config;
  llama_like(list, text, frame_of(text), true, false, false);
  if (config.contains("vision_config")) qwen2_5_tower(list, config);
}

/// DeepSeek-V3, V3.2, Kimi-K2 and GLM-5.
void deepseek_v3(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const std::int64_t dense = number_or(config, "first_k_dense_replace", 0);
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t index) {
    two_norms(out, layer, frame.hidden);
    latent_attention(out, layer + "self_attn.", config);
    if (index < dense) {
      gated_mlp(out, layer + "mlp.", frame.hidden, number(config, "intermediate_size"));
    } else {
      deepseek_moe(out, layer + "mlp.", config);
    }
  });
}

/// GPT-2 stores its matrices as [in, out].
void gpt2(TensorList& list, const Json& config) {
  const auto matrix = [&](const std::string& name, std::int64_t in, std::int64_t out) {
    list.add(name + ".weight", {in, out});
    list.add(name + ".bias", {out});
  };
  const std::int64_t width = number(config, "n_embd");
  list.add("wte.weight", {number(config, "vocab_size"), width});
  list.add("wpe.weight", {number(config, "n_positions"), width});
  for (std::int64_t i = 0; i < number(config, "n_layer"); ++i) {
    const std::string layer = "h." + std::to_string(i) + ".";
    list.layer_norm(layer + "ln_1", width);
    list.layer_norm(layer + "ln_2", width);
    matrix(layer + "attn.c_attn", width, 3 * width);
    matrix(layer + "attn.c_proj", width, width);
    matrix(layer + "mlp.c_fc", width, 4 * width);
    matrix(layer + "mlp.c_proj", 4 * width, width);
  }
  list.layer_norm("ln_f", width);
}

/// The older decoder: one key and value head, attention and feed-forward side by side.
void falcon(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config, true);
  const bool bias = flag(config, "bias", false);
  const std::int64_t heads = number(config, "num_attention_heads");
  const std::int64_t head_dim = frame.hidden / heads;
  const std::int64_t kv = flag(config, "multi_query", true) ? 1 : heads;
  list.add("transformer.word_embeddings.weight", {frame.vocab, frame.hidden});
  for (std::int64_t i = 0; i < frame.layers; ++i) {
    const std::string layer = "transformer.h." + std::to_string(i) + ".";
    list.layer_norm(layer + "input_layernorm", frame.hidden);
    if (!flag(config, "parallel_attn", true)) {
      list.layer_norm(layer + "post_attention_layernorm", frame.hidden);
    }
    list.linear_with(bias, layer + "self_attention.query_key_value", frame.hidden,
                     (heads + 2 * kv) * head_dim);
    list.linear_with(bias, layer + "self_attention.dense", heads * head_dim, frame.hidden);
    list.linear_with(bias, layer + "mlp.dense_h_to_4h", frame.hidden, 4 * frame.hidden);
    list.linear_with(bias, layer + "mlp.dense_4h_to_h", 4 * frame.hidden, frame.hidden);
  }
  list.layer_norm("transformer.ln_f", frame.hidden);
  if (!frame.tied) list.linear("lm_head", frame.hidden, frame.vocab);
}

struct Family {
  std::string_view model_type;
  void (*fill)(TensorList& list, const Json& config);
};

constexpr std::array kFamilies{
    Family{"llama", llama},
    Family{"mistral", mistral},
    Family{"ministral3", mistral},
    Family{"mimo", qwen2},
    Family{"qwen2", qwen2},
    Family{"qwen3", qwen3},
    Family{"qwen3_moe", qwen3_moe},
    Family{"qwen3_next", qwen3_next},
    Family{"qwen3_5", qwen3_5},
    Family{"qwen3_5_moe", qwen3_5},
    Family{"qwen2_5_vl", qwen2_5_vl},
    Family{"qwen3_vl", qwen3_vl},
    Family{"qwen3_vl_moe", qwen3_vl},
    Family{"phi3", phi3},
    Family{"cohere", cohere},
    Family{"exaone4", exaone4},
    Family{"gemma2", gemma2},
    Family{"gemma3", gemma3},
    Family{"gemma4", gemma4},
    Family{"mixtral", mixtral},
    Family{"minimax_m2", minimax_m2},
    Family{"minimax_m3", minimax_m3},
    Family{"gpt_oss", gpt_oss},
    Family{"deepseek_v3", deepseek_v3},
    Family{"deepseek_v32", deepseek_v3},
    Family{"kimi_k2", deepseek_v3},
    Family{"glm_moe_dsa", deepseek_v3},
    Family{"deepseek_v4", deepseek_v4},
    Family{"llama4", llama4},
    Family{"mimo_v2_flash", mimo_v2_flash},
    Family{"nemotron_h", nemotron_h},
    Family{"step3p7", step3p7},
    Family{"gpt2", gpt2},
    Family{"falcon", falcon},
};

}  // namespace

std::optional<std::vector<NamedTensor>> named_tensors(const nlohmann::json& config) {
  const auto type = config.at("model_type").get<std::string>();
  const auto* const found =
      std::find_if(kFamilies.begin(), kFamilies.end(),
                   [&](const Family& family) { return family.model_type == type; });
  if (found == kFamilies.end()) return std::nullopt;
  TensorList list;
  found->fill(list, config);
  return list.take();
}

std::int64_t count(const std::vector<NamedTensor>& tensors) {
  std::int64_t sum = 0;
  for (const NamedTensor& tensor : tensors) {
    sum += std::accumulate(tensor.shape.begin(), tensor.shape.end(), tensor.copies,
                           std::multiplies<>());
  }
  return sum;
}

}  // namespace headroom::test
