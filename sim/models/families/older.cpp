// Decoders from before the keys settled: learned positions, MLPs of two matrices, biases
// everywhere.

#include "sim/models/families/family.hpp"
#include "sim/models/limits.hpp"

namespace headroom {
namespace {

/// LayerNorm, MLPs of two matrices, a bias everywhere, four hidden sizes wide.
Traits classic() {
  Traits t;
  t.mlp = MlpKind::plain;
  t.norm_bias = true;
  t.tied = true;
  t.qkv_bias = true;
  t.output_bias = true;
  t.mlp_bias = true;
  t.width_in_hidden = 4;
  return t;
}

Traits untied(Traits t) {
  t.tied = false;
  return t;
}

Status read_positions(const Reading& reading, std::int64_t extra = 0) {
  HEADROOM_TRY(
      const std::int64_t positions,
      reading.config.integer({"learned positions",
                              {"n_positions", "n_ctx", "max_position_embeddings", "max_seq_len"},
                              1,
                              kMostPositions}));
  reading.text().learned_positions = positions + extra;
  return {};
}

Status read_gpt2(Reading& reading, const Traits& traits) {
  HEADROOM_CHECK(read_positions(reading));
  return read_uniform(reading, traits);
}

Status read_gpt_bigcode(Reading& reading, const Traits& traits) {
  Traits own = traits;
  HEADROOM_TRY(const bool multi_query, reading.config.boolean_or("multi_query", true));
  own.kv_heads = multi_query ? 1 : 0;
  HEADROOM_CHECK(read_positions(reading));
  return read_uniform(reading, own);
}

Status read_gpt_neox(Reading& reading, const Traits& traits) {
  Traits own = traits;
  HEADROOM_TRY(own.qkv_bias, reading.config.boolean_or("attention_bias", true));
  own.output_bias = own.qkv_bias;
  return read_uniform(reading, own);
}

Traits gptj() {
  Traits t = untied(classic());
  t.norms = 1;  // attention and MLP run side by side
  t.qkv_bias = false;
  t.output_bias = false;
  return t;
}

Status read_with_head_bias(Reading& reading, const Traits& traits) {
  reading.text().head_bias = true;
  return read_uniform(reading, traits);
}

Traits phi() {
  Traits t = untied(classic());
  t.norms = 1;
  return t;
}

Status read_bloom(Reading& reading, const Traits& traits) {
  reading.text().embedding_norms = 1;
  return read_uniform(reading, traits);
}

Status read_opt(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  Traits own = traits;
  HEADROOM_TRY(const bool bias, config.boolean_or("enable_bias", true));
  own.qkv_bias = own.output_bias = own.mlp_bias = bias;
  HEADROOM_CHECK(read_positions(reading, 2));  // the table starts two rows early
  HEADROOM_CHECK(read_uniform(reading, own));
  HEADROOM_TRY(const std::int64_t width,
               config.integer_or({"embedding width", {"word_embed_proj_dim"}, 1, kMostHidden},
                                 reading.text().hidden));
  if (width != reading.text().hidden) {
    return config.refuse("word_embed_proj_dim", "only embeddings as wide as the layers are read");
  }
  HEADROOM_TRY(const bool normed, config.boolean_or("do_layer_norm_before", true));
  if (!normed) reading.text().final_norms = 0;
  return {};
}

/// The new architecture ignores multi_query; the old one ignores the KV head count.
Status read_falcon(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  Traits own = traits;
  HEADROOM_TRY(const bool new_architecture, config.boolean_or("new_decoder_architecture", false));
  HEADROOM_TRY(const bool multi_query, config.boolean_or("multi_query", true));
  HEADROOM_TRY(const bool parallel, config.boolean_or("parallel_attn", true));
  HEADROOM_TRY(own.qkv_bias, config.boolean_or("bias", false));
  own.output_bias = own.mlp_bias = own.qkv_bias;
  HEADROOM_TRY(
      const std::int64_t parallel_norms,
      config.integer_or({"norms beside parallel attention", {"num_ln_in_parallel_attn"}, 1, 2},
                        new_architecture ? 2 : 1));
  own.norms = parallel ? parallel_norms : 2;
  HEADROOM_TRY(LayerKind kind, read_base(reading, own));
  if (!new_architecture) {
    kind.attention()->kv_heads = multi_query ? 1 : kind.attention()->heads;
    reading.kv_heads.clear();
  }
  for (std::int64_t i = 0; i < reading.layers; ++i) HEADROOM_CHECK(add_layer(reading, kind));
  return {};
}

/// MPT keeps its attention's keys in a section of their own.
Status read_mpt(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  Traits own = traits;
  HEADROOM_TRY(const bool no_bias, config.boolean_or("no_bias", true));
  own.norm_bias = own.qkv_bias = own.output_bias = own.mlp_bias = !no_bias;
  HEADROOM_TRY(own.width_in_hidden,
               config.integer_or({"MLP width in hidden sizes", {"expansion_ratio"}, 1, 64}, 4));
  HEADROOM_TRY(const auto attention, config.child("attn_config"));
  bool alibi = false;
  bool normed = false;
  if (attention) {
    HEADROOM_TRY(own.kv_heads,
                 attention->integer_or({"KV heads", {"kv_n_heads"}, 1, kMostHeads}, 0));
    HEADROOM_TRY(alibi, attention->boolean_or("alibi", false));
    HEADROOM_TRY(normed, attention->boolean_or("qk_ln", false));
  }
  HEADROOM_TRY(const bool learned, config.boolean_or("learned_pos_emb", true));
  if (learned && !alibi) HEADROOM_CHECK(read_positions(reading));
  HEADROOM_TRY(LayerKind kind, read_base(reading, own));
  if (kind.attention()->heads % kind.attention()->kv_heads != 0 ||
      kind.attention()->kv_heads > kind.attention()->heads) {
    return attention->refuse("kv_n_heads", "the query heads do not share them evenly");
  }
  if (normed) kind.attention()->qk_norm = Attention::QkNorm::each_head;
  for (std::int64_t i = 0; i < reading.layers; ++i) HEADROOM_CHECK(add_layer(reading, kind));
  return {};
}

/// Qwen (the first) states twice the width of its MLP.
Status read_qwen(Reading& reading, const Traits& traits) {
  HEADROOM_TRY(LayerKind kind, read_base(reading, traits));
  std::get<Mlp>(kind.mlp).width /= 2;
  if (std::get<Mlp>(kind.mlp).width == 0) {
    return reading.config.refuse("intermediate_size", "half of it is the MLP's width");
  }
  for (std::int64_t i = 0; i < reading.layers; ++i) HEADROOM_CHECK(add_layer(reading, kind));
  return {};
}

/// ChatGLM-2 and later, with GLM-4: groups of KV heads when `multi_query_attention` is true.
Status read_chatglm(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  Traits own = traits;
  HEADROOM_TRY(const bool linear, config.boolean_or("add_bias_linear", false));
  HEADROOM_TRY(const bool qkv, config.boolean_or("add_qkv_bias", false));
  own.qkv_bias = linear || qkv;
  own.output_bias = own.mlp_bias = linear;
  HEADROOM_TRY(const bool grouped, config.boolean_or("multi_query_attention", false));
  HEADROOM_TRY(LayerKind kind, read_base(reading, own));
  if (!grouped) kind.attention()->kv_heads = kind.attention()->heads;
  for (std::int64_t i = 0; i < reading.layers; ++i) HEADROOM_CHECK(add_layer(reading, kind));
  return {};
}

Traits falcon() {
  Traits t = classic();
  t.qkv_bias = t.output_bias = t.mlp_bias = false;
  t.context = 2048;
  return t;
}

Traits qwen() {
  Traits t;
  t.qkv_bias = true;
  return t;
}

}  // namespace

Families older_families() {
  return {
      {"gpt2", "GPT2LMHeadModel", classic(), read_gpt2},
      {"gpt_bigcode", "GPTBigCodeForCausalLM", classic(), read_gpt_bigcode},
      {"gpt_neox", "GPTNeoXForCausalLM", untied(classic()), read_gpt_neox},
      {"gptj", "GPTJForCausalLM", gptj(), read_with_head_bias},
      {"phi", "PhiForCausalLM", phi(), read_with_head_bias},
      {"bloom", "BloomForCausalLM", classic(), read_bloom},
      {"opt", "OPTForCausalLM", classic(), read_opt},
      {"falcon", "FalconForCausalLM", falcon(), read_falcon},
      {"mpt", "MPTForCausalLM", falcon(), read_mpt},
      {"qwen", "QWenLMHeadModel", qwen(), read_qwen},
      {"chatglm", "ChatGLMModel", {}, read_chatglm},
  };
}

}  // namespace headroom
