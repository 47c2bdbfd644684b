// Families whose layers differ among themselves.

#include "tests/sim/tensor_list.hpp"

namespace headroom::test {
namespace {

bool one_at(const Json& config, const char* key, std::int64_t index) {
  return config.at(key).at(static_cast<std::size_t>(index)).get<std::int64_t>() != 0;
}

void two_norms(TensorList& list, const std::string& layer, std::int64_t hidden) {
  list.norm(layer + "input_layernorm", hidden);
  list.norm(layer + "post_attention_layernorm", hidden);
}

// --- DeepSeek-V4 ---

/// Pools `ratio` positions into one; at a ratio of 4 the windows overlap and all is doubled.
void compressor(TensorList& list, const std::string& name, std::int64_t hidden, std::int64_t width,
                std::int64_t ratio) {
  const std::int64_t channels = ratio == 4 ? 2 * width : width;
  list.linear(name + "wkv", hidden, channels);
  list.linear(name + "wgate", hidden, channels);
  list.add(name + "ape", {ratio, channels});
  list.norm(name + "norm", width);
}

void v4_attention(TensorList& list, const std::string& attn, const Json& config,
                  std::int64_t ratio) {
  const std::int64_t hidden = number(config, "hidden_size");
  const std::int64_t heads = number(config, "num_attention_heads");
  const std::int64_t width = number(config, "head_dim");
  const std::int64_t q_rank = number(config, "q_lora_rank");
  const std::int64_t groups = number(config, "o_groups");
  const std::int64_t o_rank = number(config, "o_lora_rank");
  list.linear(attn + "wq_a", hidden, q_rank);
  list.norm(attn + "q_norm", q_rank);
  list.linear(attn + "wq_b", q_rank, heads * width);
  list.linear(attn + "wkv", hidden, width);  // one head that is key and value
  list.norm(attn + "kv_norm", width);
  list.linear(attn + "wo_a", heads * width / groups, groups * o_rank);
  list.linear(attn + "wo_b", groups * o_rank, hidden);
  list.add(attn + "attn_sink", {heads});
  if (ratio > 0) compressor(list, attn + "compressor.", hidden, width, ratio);
  if (ratio != 4) return;
  const std::int64_t index_heads = number(config, "index_n_heads");
  const std::int64_t index_width = number(config, "index_head_dim");
  list.linear(attn + "indexer.wq_b", q_rank, index_heads * index_width);
  list.linear(attn + "indexer.weights_proj", hidden, index_heads);
  compressor(list, attn + "indexer.compressor.", hidden, index_width, ratio);
}

void hyper_connection(TensorList& list, const std::string& name, std::int64_t streams,
                      std::int64_t hidden) {
  const std::int64_t mixes = (2 + streams) * streams;
  list.add(name + "_fn", {mixes, streams * hidden});
  list.add(name + "_base", {mixes});
  list.add(name + "_scale", {3});
}

void v4_layer(TensorList& list, const std::string& layer, const Json& config, std::int64_t index) {
  const std::int64_t hidden = number(config, "hidden_size");
  const std::int64_t experts = number(config, "n_routed_experts");
  const std::int64_t width = number(config, "moe_intermediate_size");
  const Json& ratios = config.at("compress_ratios");
  list.norm(layer + "attn_norm", hidden);
  list.norm(layer + "ffn_norm", hidden);
  hyper_connection(list, layer + "hc_attn", number(config, "hc_mult"), hidden);
  hyper_connection(list, layer + "hc_ffn", number(config, "hc_mult"), hidden);
  v4_attention(list, layer + "attn.", config,
               ratios.at(static_cast<std::size_t>(index)).get<std::int64_t>());
  list.linear(layer + "ffn.gate", hidden, experts);
  // The first layers look experts up by token, in a table of integers (ffn.gate.tid2eid).
  if (index >= number(config, "num_hash_layers")) list.add(layer + "ffn.gate.bias", {experts});
  numbered_mlp(list, layer + "ffn.experts.*.", hidden, width, experts);
  numbered_mlp(list, layer + "ffn.shared_experts.", hidden,
               number(config, "n_shared_experts") * width);
}

}  // namespace

void deepseek_v4(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const std::int64_t streams = number(config, "hc_mult");
  list.add("embed.weight", {frame.vocab, frame.hidden});
  for (std::int64_t i = 0; i < frame.layers; ++i) {
    v4_layer(list, "layers." + std::to_string(i) + ".", config, i);
  }
  list.add("hc_head_fn", {streams, streams * frame.hidden});
  list.add("hc_head_base", {streams});
  list.add("hc_head_scale", {1});
  list.norm("norm", frame.hidden);
  list.linear("head", frame.hidden, frame.vocab);
}

// --- MiniMax-M3 ---

namespace {

void m3_attention(TensorList& list, const std::string& attn, const Json& config,
                  std::int64_t index) {
  const std::int64_t hidden = number(config, "hidden_size");
  const Heads heads = heads_of(config);
  four_projections(list, attn, hidden, heads);
  qk_norms(list, attn, heads.key_width);
  const Json& sparse = config.at("sparse_attention_config");
  if (!one_at(sparse, "sparse_attention_freq", index)) return;
  const std::int64_t width = number(sparse, "sparse_index_dim");
  list.linear(attn + "index_q_proj", hidden, number(sparse, "sparse_num_index_heads") * width);
  list.linear(attn + "index_k_proj", hidden, width);
  list.norm(attn + "index_q_norm", width);
  list.norm(attn + "index_k_norm", width);
}

void m3_moe(TensorList& list, const std::string& moe, const Json& config) {
  const std::int64_t hidden = number(config, "hidden_size");
  const std::int64_t experts = number(config, "num_local_experts");
  list.linear(moe + "gate", hidden, experts);
  list.add(moe + "e_score_correction_bias", {experts});
  numbered_mlp(list, moe + "experts.*.", hidden, number(config, "intermediate_size"), experts);
  gated_mlp(list, moe + "shared_experts.", hidden, number(config, "shared_intermediate_size"));
}

}  // namespace

void minimax_m3(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t index) {
    two_norms(out, layer, frame.hidden);
    m3_attention(out, layer + "self_attn.", config, index);
    if (one_at(config, "moe_layer_freq", index)) {
      m3_moe(out, layer + "block_sparse_moe.", config);
    } else {
      gated_mlp(out, layer + "mlp.", frame.hidden, number(config, "dense_intermediate_size"));
    }
  });
}

// --- MiMo-V2-Flash ---

void mimo_v2_flash(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const Heads full{number(config, "num_attention_heads"), number(config, "num_key_value_heads"),
                   number(config, "head_dim"), number(config, "v_head_dim")};
  const Heads sliding{number(config, "swa_num_attention_heads"),
                      number(config, "swa_num_key_value_heads"), number(config, "swa_head_dim"),
                      number(config, "swa_v_head_dim")};
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t index) {
    const bool slides = one_at(config, "hybrid_layer_pattern", index);
    const Heads& heads = slides ? sliding : full;
    two_norms(out, layer, frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads,
                     flag(config, "attention_bias", false));
    if (flag(config, slides ? "add_swa_attention_sink_bias" : "add_full_attention_sink_bias",
             false)) {
      out.add(layer + "self_attn.attention_sink_bias", {heads.query});
    }
    if (one_at(config, "moe_layer_freq", index)) {
      deepseek_moe(out, layer + "mlp.", config);
    } else {
      gated_mlp(out, layer + "mlp.", frame.hidden, number(config, "intermediate_size"));
    }
  });
}

// --- Step-3.7-Flash ---

namespace {

void step_moe(TensorList& list, const std::string& layer, const Json& config) {
  const std::int64_t hidden = number(config, "hidden_size");
  const std::int64_t experts = number(config, "num_experts");
  const std::int64_t width = number(config, "moe_intermediate_size");
  list.linear(layer + "moe.gate", hidden, experts);
  if (flag(config, "use_moe_router_bias", false)) list.add(layer + "moe.router_bias", {experts});
  list.add(layer + "moe.gate_proj.weight", {experts, width, hidden});
  list.add(layer + "moe.up_proj.weight", {experts, width, hidden});
  list.add(layer + "moe.down_proj.weight", {experts, hidden, width});
  gated_mlp(list, layer + "share_expert.", hidden, number(config, "share_expert_dim"));
}

}  // namespace

void step3p7(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const Heads full = heads_of(config);
  Heads sliding = full;
  if (const auto other = config.find("attention_other_setting"); other != config.end()) {
    sliding.query = number(*other, "num_attention_heads");
  }
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t index) {
    const Heads& heads = is_at(config, "layer_types", index, "sliding_attention") ? sliding : full;
    two_norms(out, layer, frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads);
    qk_norms(out, layer + "self_attn.", heads.key_width);
    out.linear(layer + "self_attn.g_proj", frame.hidden, heads.query);
    if (index < number_or(config, "first_k_dense_replace", 3)) {
      gated_mlp(out, layer + "mlp.", frame.hidden, number(config, "intermediate_size"));
    } else {
      step_moe(out, layer, config);
    }
  });
}

// --- Nemotron-H ---

namespace {

void nemotron_moe(TensorList& list, const std::string& mixer, const Json& config) {
  const std::int64_t hidden = number(config, "hidden_size");
  const std::int64_t experts = number(config, "n_routed_experts");
  const std::int64_t latent = number_or(config, "moe_latent_size", 0);
  list.linear(mixer + "gate", hidden, experts);
  list.add(mixer + "gate.e_score_correction_bias", {experts});
  if (latent > 0) {
    list.linear(mixer + "fc1_latent_proj", hidden, latent);
    list.linear(mixer + "fc2_latent_proj", latent, hidden);
  }
  plain_mlp(list, mixer + "experts.*.", latent > 0 ? latent : hidden,
            number(config, "moe_intermediate_size"), experts);
  plain_mlp(list, mixer + "shared_experts.", hidden,
            number(config, "moe_shared_expert_intermediate_size"));
}

}  // namespace

/// One mixer a layer: M Mamba2, E experts, - feed-forward, * attention.
void nemotron_h(TensorList& list, const Json& config) {
  const Frame frame = frame_of(config);
  const auto pattern = config.at("hybrid_override_pattern").get<std::string>();
  list.add("backbone.embeddings.weight", {frame.vocab, frame.hidden});
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string layer = "backbone.layers." + std::to_string(i) + ".";
    list.norm(layer + "norm", frame.hidden);
    if (pattern[i] == 'M') mamba2(list, layer + "mixer.", config);
    if (pattern[i] == 'E') nemotron_moe(list, layer + "mixer.", config);
    if (pattern[i] == '-') {
      plain_mlp(list, layer + "mixer.", frame.hidden, number(config, "intermediate_size"));
    }
    if (pattern[i] == '*') {
      four_projections(list, layer + "mixer.", frame.hidden, heads_of(config));
    }
  }
  list.norm("backbone.norm_f", frame.hidden);
  if (!frame.tied) list.linear("lm_head", frame.hidden, frame.vocab);
}

// --- Llama-4 ---

/// The norms of queries and keys have no weights.
void llama4(TensorList& list, const Json& config) {
  const Json& text = config.at("text_config");
  Frame frame = frame_of(text);
  frame.root = "language_model.model.";
  frame.head = "language_model.lm_head";
  const std::int64_t experts = number(text, "num_local_experts");
  const std::int64_t width = number(text, "intermediate_size");
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t index) {
    two_norms(out, layer, frame.hidden);
    four_projections(out, layer + "self_attn.", frame.hidden, heads_of(text));
    const std::string mlp = layer + "feed_forward.";
    if ((index + 1) % number_or(text, "interleave_moe_layer_step", 1) != 0) {
      gated_mlp(out, mlp, frame.hidden, number(text, "intermediate_size_mlp"));
      return;
    }
    out.linear(mlp + "router", frame.hidden, experts);
    out.add(mlp + "experts.gate_up_proj", {experts, frame.hidden, 2 * width});
    out.add(mlp + "experts.down_proj", {experts, width, frame.hidden});
    gated_mlp(out, mlp + "shared_expert.", frame.hidden, width);
  });
  if (config.contains("vision_config")) llama4_tower(list, config);
}

// --- Gemma-4 (the dense one: no experts, no embeddings for each layer) ---

namespace {

void gemma4_attention(TensorList& list, const std::string& attn, const Json& text, bool slides) {
  const std::int64_t hidden = number(text, "hidden_size");
  Heads heads = heads_of(text);
  const bool value_is_key = !slides && flag(text, "attention_k_eq_v", false);
  if (!slides) heads.key_width = number_or(text, "global_head_dim", heads.key_width);
  if (value_is_key) heads.kv = number_or(text, "num_global_key_value_heads", heads.kv);
  list.linear(attn + "q_proj", hidden, heads.query * heads.key_width);
  list.linear(attn + "k_proj", hidden, heads.kv * heads.key_width);
  if (!value_is_key) list.linear(attn + "v_proj", hidden, heads.kv * heads.key_width);
  list.linear(attn + "o_proj", heads.query * heads.key_width, hidden);
  qk_norms(list, attn, heads.key_width);
}

}  // namespace

void gemma4(TensorList& list, const Json& config) {
  const Json& text = config.at("text_config");
  Frame frame = frame_of(text, true);
  frame.root = "model.language_model.";
  decoder(list, frame, [&](TensorList& out, const std::string& layer, std::int64_t index) {
    two_norms(out, layer, frame.hidden);
    out.norm(layer + "pre_feedforward_layernorm", frame.hidden);
    out.norm(layer + "post_feedforward_layernorm", frame.hidden);
    out.add(layer + "layer_scalar", {1});
    gemma4_attention(out, layer + "self_attn.", text,
                     is_at(text, "layer_types", index, "sliding_attention"));
    gated_mlp(out, layer + "mlp.", frame.hidden, number(text, "intermediate_size"));
  });
  if (config.contains("vision_config")) gemma4_tower(list, config);
}

}  // namespace headroom::test
