// Dense decoders that differ in what Traits can say: most of them.

#include "sim/models/families/family.hpp"

namespace headroom {
namespace {

using QkNorm = Attention::QkNorm;
using Window = Traits::Window;

Traits llama() {
  Traits t;
  t.attention_bias_key = "attention_bias";
  t.mlp_bias_key = "mlp_bias";
  // Inside a multimodal config (LLaVA) the figures of Llama-1 7B are left out.
  t.defaults_when_nested = true;
  t.layers = 32;
  t.hidden = 4096;
  t.heads = 32;
  t.width = 11'008;
  t.vocab = 32'000;
  return t;
}

Traits mistral() {
  Traits t = llama();
  t.kv_heads = 8;
  t.width = 14'336;
  t.window = Window::always;
  t.window_default = 4096;
  return t;
}

Traits qwen2() {
  Traits t;
  t.qkv_bias = true;
  t.window = Window::switched;
  return t;
}

Traits qwen3() {
  Traits t;
  t.qk_norm = QkNorm::shared;
  t.attention_bias_key = "attention_bias";
  t.window = Window::switched;
  return t;
}

Traits gemma() {
  Traits t;
  t.tied = true;
  t.vocab = 256'000;
  t.context = 8192;
  t.head_dim = 256;
  t.attention_bias_key = "attention_bias";
  return t;
}

Traits gemma2() {
  Traits t = gemma();
  t.norms = 4;
  t.window = Window::always;
  t.window_default = 4096;
  t.pattern = 2;
  return t;
}

Traits gemma3() {
  Traits t = gemma2();
  t.qk_norm = QkNorm::shared;
  t.vocab = 262'208;
  t.context = 131'072;
  // Published files leave these out where they equal the class defaults (gemma-3-4b does).
  t.heads = 8;
  t.kv_heads = 4;
  t.pattern = 6;
  return t;
}

Traits phi3() {
  Traits t;
  t.window = Window::always;
  return t;
}

Traits cohere() {
  Traits t;
  t.norms = 1;  // attention and MLP run side by side
  t.tied = true;
  t.attention_bias_key = "attention_bias";
  return t;
}

Status read_cohere(Reading& reading, const Traits& traits) {
  Traits own = traits;
  HEADROOM_TRY(const bool normed, reading.config.boolean_or("use_qk_norm", false));
  if (normed) own.qk_norm = QkNorm::each_head;
  return read_uniform(reading, own);
}

Traits cohere2() {
  Traits t = cohere();
  t.window = Window::always;
  t.window_default = 4096;
  t.pattern = 4;
  return t;
}

Traits olmo2() {
  Traits t;
  t.qk_norm = QkNorm::each_head;
  t.attention_bias_key = "attention_bias";
  return t;
}

/// OLMo-1 normalises without weights.
Status read_olmo(Reading& reading, const Traits& traits) {
  reading.text().final_norms = 0;
  return read_uniform(reading, traits);
}

Traits olmo() {
  Traits t;
  t.norms = 0;
  t.attention_bias_key = "attention_bias";
  return t;
}

Traits exaone4() {
  Traits t;
  t.qk_norm = QkNorm::shared;
  t.window = Window::always;
  t.pattern = 4;
  return t;
}

Traits biased(std::string_view qkv, std::string_view output) {
  Traits t;
  t.qkv_bias_key = qkv;
  t.output_bias_key = output;
  return t;
}

Traits glm4() {
  Traits t = biased("attention_bias", "");
  t.norms = 4;
  return t;
}

Traits starcoder2() {
  Traits t;
  t.mlp = MlpKind::plain;
  t.norm_bias = true;
  t.tied = true;
  t.attention_bias_key = "use_bias";
  t.mlp_bias_key = "use_bias";
  t.window = Window::always;
  return t;
}

Traits nemotron() {
  Traits t;
  t.mlp = MlpKind::plain;
  t.norm_bias = true;
  t.attention_bias_key = "attention_bias";
  t.mlp_bias_key = "mlp_bias";
  return t;
}

Traits tied(Traits t) {
  t.tied = true;
  return t;
}

Status read_stablelm(Reading& reading, const Traits& traits) {
  Traits own = traits;
  HEADROOM_TRY(const bool side_by_side, reading.config.boolean_or("use_parallel_residual", false));
  if (side_by_side) own.norms = 1;
  HEADROOM_TRY(const bool normed, reading.config.boolean_or("qk_layernorm", false));
  if (normed) own.qk_norm = QkNorm::each_head;
  return read_uniform(reading, own);
}

Traits stablelm() {
  Traits t = biased("use_qkv_bias", "");
  t.norm_bias = true;
  return t;
}

}  // namespace

Families dense_families() {
  return {
      {"llama", "LlamaForCausalLM", llama()},
      {"llava", "LlavaForConditionalGeneration", llama()},
      {"mistral", "MistralForCausalLM", mistral()},
      {"mistral3", "Mistral3ForConditionalGeneration", mistral()},
      {"ministral", "MinistralForCausalLM", mistral()},
      {"ministral3", "Ministral3ForCausalLM", mistral()},
      {"qwen2", "Qwen2ForCausalLM", qwen2()},
      {"qwen2_vl", "Qwen2VLForConditionalGeneration", qwen2()},
      {"qwen2_vl_text", "Qwen2VLForConditionalGeneration", qwen2()},
      {"qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", qwen2()},
      {"qwen2_5_vl_text", "Qwen2_5_VLForConditionalGeneration", qwen2()},
      {"qwen2_5_omni", "Qwen2_5OmniModel", qwen2()},
      {"qwen2_5_omni_thinker", "Qwen2_5OmniModel", qwen2()},
      {"qwen2_5_omni_text", "Qwen2_5OmniModel", qwen2()},
      {"mimo", "MiMoForCausalLM", qwen2()},  // without its draft layers, which serve no request
      {"qwen3", "Qwen3ForCausalLM", qwen3()},
      {"qwen3_vl", "Qwen3VLForConditionalGeneration", qwen3()},
      {"qwen3_vl_text", "Qwen3VLForConditionalGeneration", qwen3()},
      {"gemma", "GemmaForCausalLM", gemma()},
      {"gemma2", "Gemma2ForCausalLM", gemma2()},
      {"gemma3_text", "Gemma3ForCausalLM", gemma3()},
      {"gemma3", "Gemma3ForConditionalGeneration", gemma3()},
      {"phi3", "Phi3ForCausalLM", phi3()},
      {"cohere", "CohereForCausalLM", cohere(), read_cohere},
      {"cohere2", "Cohere2ForCausalLM", cohere2()},
      {"olmo", "OlmoForCausalLM", olmo(), read_olmo},
      {"olmo2", "Olmo2ForCausalLM", olmo2()},
      {"olmo3", "Olmo3ForCausalLM", olmo2()},
      {"exaone", "ExaoneForCausalLM", {}},
      {"exaone4", "Exaone4ForCausalLM", exaone4()},
      {"granite", "GraniteForCausalLM", llama()},
      {"internlm", "InternLMForCausalLM", biased("bias", "bias")},
      {"internlm2", "InternLM2ForCausalLM", biased("bias", "bias")},
      {"internlm3", "InternLM3ForCausalLM", biased("qkv_bias", "bias")},
      {"baichuan", "BaichuanForCausalLM", {}},
      {"glm", "GlmForCausalLM", biased("attention_bias", "")},
      {"glm4", "Glm4ForCausalLM", glm4()},
      {"seed_oss", "SeedOssForCausalLM", biased("attention_bias", "attention_out_bias")},
      {"smollm3", "SmolLM3ForCausalLM", tied(llama())},
      {"starcoder2", "Starcoder2ForCausalLM", starcoder2()},
      {"stablelm", "StableLmForCausalLM", stablelm(), read_stablelm},
      {"nemotron", "NemotronForCausalLM", nemotron()},
  };
}

}  // namespace headroom
