// Mixtures of experts with ordinary attention.

#include "sim/models/experts.hpp"

#include "sim/models/families/family.hpp"
#include "sim/models/limits.hpp"

#include <utility>

namespace headroom {
namespace {

using QkNorm = Attention::QkNorm;

Status read_mixtral(Reading& reading, const Traits& traits) {
  ExpertTraits experts;
  experts.width_keys = {"intermediate_size"};
  return read_with_experts(reading, traits, experts);
}

/// A correction bias, and norms over the whole width of queries and keys.
Status read_minimax_m2(Reading& reading, const Traits& traits) {
  Traits own = traits;
  HEADROOM_TRY(const bool normed, reading.config.boolean_or("use_qk_norm", true));
  if (normed) own.qk_norm = QkNorm::each_head;
  ExpertTraits experts;
  experts.width_keys = {"intermediate_size"};
  HEADROOM_TRY(experts.router_bias, reading.config.boolean_or("use_routing_bias", true));
  return read_with_experts(reading, own, experts);
}

Status read_gpt_oss(Reading& reading, const Traits& traits) {
  Traits own = traits;
  HEADROOM_TRY(own.qkv_bias, reading.config.boolean_or("attention_bias", true));
  own.output_bias = own.qkv_bias;
  HEADROOM_TRY(LayerKind base, read_base(reading, own));
  base.attention()->sinks = true;
  ExpertTraits traits_of_experts;
  traits_of_experts.width_keys = {"intermediate_size"};
  traits_of_experts.bias = true;
  traits_of_experts.router_bias = true;
  HEADROOM_TRY(const Experts experts, read_experts(reading, traits_of_experts));
  HEADROOM_TRY(const auto reaches, read_reaches(reading, own));
  return add_layers_with_experts(reading, base, experts, reaches);
}

Status read_qwen_moe(Reading& reading, const Traits& traits) {
  if (!reading.config.has("num_experts")) return read_uniform(reading, traits);
  ExpertTraits experts;
  experts.shared_width_keys = {"shared_expert_intermediate_size"};
  experts.shared_gate = true;
  return read_with_experts(reading, traits, experts);
}

Status read_qwen2_moe(Reading& reading, const Traits& traits) {
  Traits own = traits;
  HEADROOM_TRY(own.qkv_bias, reading.config.boolean_or("qkv_bias", true));
  return read_qwen_moe(reading, own);
}

Status read_phimoe(Reading& reading, const Traits& traits) {
  Traits own = traits;
  HEADROOM_TRY(reading.text().head_bias, reading.config.boolean_or("lm_head_bias", false));
  return read_mixtral(reading, own);
}

Status read_granitemoe(Reading& reading, const Traits& traits) {
  ExpertTraits experts;
  experts.width_keys = {"intermediate_size"};
  experts.shared_width_keys = {"shared_intermediate_size"};
  return read_with_experts(reading, traits, experts);
}

/// GLM-4.5 and later, without latent attention.
Status read_glm4_moe(Reading& reading, const Traits& traits) {
  Traits own = traits;
  HEADROOM_TRY(const bool normed, reading.config.boolean_or("use_qk_norm", false));
  if (normed) own.qk_norm = QkNorm::shared;
  ExpertTraits experts;
  experts.router_bias = true;
  experts.shared_count = true;
  return read_with_experts(reading, own, experts);
}

/// DeepSeek-MoE, before latent attention.
Status read_deepseek(Reading& reading, const Traits& traits) {
  ExpertTraits experts;
  experts.shared_count = true;
  return read_with_experts(reading, traits, experts);
}

/// DBRX keeps attention and experts in sections of their own.
Status read_dbrx(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  Traits own = traits;
  HEADROOM_TRY(const auto attention, config.child("attn_config"));
  if (!attention) return config.refuse("attn_config", "it names the KV heads");
  HEADROOM_TRY(own.kv_heads, attention->integer({"KV heads", {"kv_n_heads"}, 1, kMostHeads}));
  HEADROOM_TRY(const auto ffn, config.child("ffn_config"));
  if (!ffn) return config.refuse("ffn_config", "it names the experts");
  own.width_optional = true;
  HEADROOM_TRY(LayerKind kind, read_base(reading, own));
  if (kind.attention()->heads % kind.attention()->kv_heads != 0) {
    return attention->refuse("kv_n_heads", "the query heads do not share them evenly");
  }
  Experts experts;
  HEADROOM_TRY(experts.count,
               ffn->integer({"routed experts", {"moe_num_experts"}, 1, kMostExperts}));
  HEADROOM_TRY(experts.active, ffn->integer({"active experts", {"moe_top_k"}, 1, experts.count}));
  HEADROOM_TRY(experts.width,
               ffn->integer({"expert width", {"ffn_hidden_size"}, 1, kMostMlpWidth}));
  kind.mlp = experts;
  for (std::int64_t i = 0; i < reading.layers; ++i) HEADROOM_CHECK(add_layer(reading, kind));
  return {};
}

/// Layers that look at their own chunk of tokens, but for every fourth, which has no rotary
/// positions and sees all.
Result<std::vector<Reach>> llama4_reaches(const Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  if (config.has("layer_types")) return read_reaches(reading, traits);
  HEADROOM_TRY(const std::int64_t chunk,
               config.integer_or({"attention chunk", {"attention_chunk_size"}, 0, kMostContext},
                                 config.is_null("attention_chunk_size") ? 0 : 8192));
  HEADROOM_TRY(const std::int64_t interval,
               config.integer_or({"layers from one without rotary positions to the next",
                                  {"no_rope_layer_interval"},
                                  1,
                                  kMostLayers},
                                 4));
  std::vector<std::int64_t> rotary;  // 1 = rotary; files write [] for the interval
  const auto list = config.find("no_rope_layers");
  if (list && !(list->value->is_array() && list->value->empty())) {
    HEADROOM_TRY(rotary,
                 config.integers({"rotary layers", {"no_rope_layers"}, 0, 1}, reading.layers));
  }
  std::vector<Reach> out(static_cast<std::size_t>(reading.layers));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool chunked =
        rotary.empty() ? (static_cast<std::int64_t>(i) + 1) % interval != 0 : rotary[i] != 0;
    if (chunked && chunk > 0) out[i] = {Attention::Reach::chunked, chunk};
  }
  return out;
}

/// Experts and one shared expert of the same width; dense layers have a width of their own. The
/// norms of queries and keys have no weights.
Status read_llama4(Reading& reading, const Traits& traits) {
  Traits own = traits;
  own.width_optional = true;
  HEADROOM_TRY(LayerKind base, read_base(reading, own));
  ExpertTraits traits_of_experts;
  traits_of_experts.width_keys = {"intermediate_size"};
  HEADROOM_TRY(Experts experts, read_experts(reading, traits_of_experts));
  experts.shared_width = experts.width;
  HEADROOM_TRY(
      std::get<Mlp>(base.mlp).width,
      reading.config.integer_or({"MLP width", {"intermediate_size_mlp"}, 1, kMostMlpWidth}, 0));
  reading.widths.clear();
  HEADROOM_TRY(const auto reaches, llama4_reaches(reading, own));
  return add_layers_with_experts(reading, base, experts, reaches);
}

Traits mixtral() {
  Traits t;
  t.window = Traits::Window::always;
  return t;
}

Traits qwen2_moe() {
  Traits t;
  t.window = Traits::Window::switched;
  return t;
}

Traits qwen3_moe() {
  Traits t = qwen2_moe();
  t.qk_norm = QkNorm::shared;
  t.attention_bias_key = "attention_bias";
  return t;
}

Traits gpt_oss() {
  Traits t;
  t.window = Traits::Window::always;
  t.window_default = 128;
  t.pattern = 2;
  return t;
}

Traits phimoe() {
  Traits t;
  t.norm_bias = true;
  t.attention_bias_key = "attention_bias";
  t.window = Traits::Window::always;
  return t;
}

Traits olmoe() {
  Traits t;
  t.qk_norm = QkNorm::each_head;
  t.attention_bias_key = "attention_bias";
  return t;
}

Traits with_bias_key(std::string_view qkv, std::string_view output) {
  Traits t;
  t.qkv_bias_key = qkv;
  t.output_bias_key = output;
  return t;
}

Family mixed(std::string_view type, std::string_view architecture, Traits traits,
             Status (*read)(Reading&, const Traits&)) {
  return {type, architecture, traits, read, true};
}

}  // namespace

Families expert_families() {
  const Traits bias = with_bias_key("attention_bias", "attention_bias");
  return {
      mixed("mixtral", "MixtralForCausalLM", mixtral(), read_mixtral),
      mixed("qwen2_moe", "Qwen2MoeForCausalLM", qwen2_moe(), read_qwen2_moe),
      mixed("qwen3_moe", "Qwen3MoeForCausalLM", qwen3_moe(), read_qwen_moe),
      mixed("qwen3_vl_moe", "Qwen3VLMoeForConditionalGeneration", qwen3_moe(), read_qwen_moe),
      mixed("qwen3_vl_moe_text", "Qwen3VLMoeForConditionalGeneration", qwen3_moe(), read_qwen_moe),
      mixed("gpt_oss", "GptOssForCausalLM", gpt_oss(), read_gpt_oss),
      mixed("minimax_m2", "MiniMaxM2ForCausalLM", {}, read_minimax_m2),
      mixed("phimoe", "PhiMoEForCausalLM", phimoe(), read_phimoe),
      mixed("olmoe", "OlmoeForCausalLM", olmoe(), read_mixtral),
      mixed("granitemoe", "GraniteMoeForCausalLM", bias, read_granitemoe),
      mixed("granitemoeshared", "GraniteMoeSharedForCausalLM", bias, read_granitemoe),
      mixed("glm4_moe", "Glm4MoeForCausalLM", with_bias_key("attention_bias", ""), read_glm4_moe),
      mixed("deepseek", "DeepseekForCausalLM", bias, read_deepseek),
      mixed("dbrx", "DbrxForCausalLM", {}, read_dbrx),
      mixed("llama4_text", "Llama4ForCausalLM", bias, read_llama4),
      mixed("llama4", "Llama4ForConditionalGeneration", bias, read_llama4),
  };
}

}  // namespace headroom
