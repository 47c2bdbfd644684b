#include "sim/models/families.hpp"

#include <algorithm>
#include <vector>

namespace headroom {
namespace {

Family llama_like(std::string_view model_type, std::string_view architecture) {
  Family family;
  family.model_type = model_type;
  family.architecture = architecture;
  family.bias_by_key = true;
  family.mlp_bias_by_key = true;
  return family;
}

Family mistral() {
  Family family = llama_like("mistral", "MistralForCausalLM");
  family.window = Family::Window::always;
  family.window_default = 4096;
  return family;
}

Family qwen2_like(std::string_view model_type, std::string_view architecture) {
  Family family;
  family.model_type = model_type;
  family.architecture = architecture;
  family.base.attention.qkv_bias = true;
  family.window = Family::Window::switched;
  return family;
}

Family qwen3() {
  Family family;
  family.model_type = "qwen3";
  family.architecture = "Qwen3ForCausalLM";
  family.base.attention.qk_norm = Attention::QkNorm::shared;
  family.bias_by_key = true;
  family.window = Family::Window::switched;
  return family;
}

Family gemma2() {
  Family family;
  family.model_type = "gemma2";
  family.architecture = "Gemma2ForCausalLM";
  family.base.norms = 4;
  family.base.text.tied_embeddings = true;
  family.base.text.vocab = 256'000;
  family.base.attention.head_dim = 256;
  family.bias_by_key = true;
  family.window = Family::Window::always;
  family.window_default = 4096;
  family.pattern = 2;
  return family;
}

Family gemma3() {
  Family family = gemma2();
  family.model_type = "gemma3_text";
  family.architecture = "Gemma3ForCausalLM";
  family.base.attention.qk_norm = Attention::QkNorm::shared;
  family.base.text.vocab = 262'208;
  // Published files leave these out where they equal the class defaults (gemma-3-4b does).
  family.base.attention.heads = 8;
  family.base.attention.kv_heads = 4;
  family.pattern = 6;
  return family;
}

Family phi3() {
  Family family;
  family.model_type = "phi3";
  family.architecture = "Phi3ForCausalLM";
  family.window = Family::Window::always;
  return family;
}

Family cohere() {
  Family family;
  family.model_type = "cohere";
  family.architecture = "CohereForCausalLM";
  family.base.norms = 1;
  family.base.text.tied_embeddings = true;
  family.bias_by_key = true;
  return family;
}

Family falcon() {
  Family family;
  family.model_type = "falcon";
  family.architecture = "FalconForCausalLM";
  family.base.mlp.kind = MlpKind::plain;
  family.base.text.norm_bias = true;
  family.base.text.tied_embeddings = true;
  return family;
}

Family gpt2() {
  Family family;
  family.model_type = "gpt2";
  family.architecture = "GPT2LMHeadModel";
  family.base.mlp.kind = MlpKind::plain;
  family.base.attention.qkv_bias = true;
  family.base.attention.output_bias = true;
  family.base.mlp.bias = true;
  family.base.text.norm_bias = true;
  family.base.text.tied_embeddings = true;
  return family;
}

}  // namespace

std::span<const Family> model_families() {
  static const std::vector<Family> kFamilies{
      llama_like("llama", "LlamaForCausalLM"),
      mistral(),
      qwen2_like("qwen2", "Qwen2ForCausalLM"),
      qwen2_like("mimo", "MiMoForCausalLM"),  // without its draft layers, which serve no request
      qwen3(),
      gemma2(),
      gemma3(),
      phi3(),
      cohere(),
      falcon(),
      gpt2(),
  };
  return kFamilies;
}

const Family* find_family(std::string_view model_type) {
  const auto families = model_families();
  const auto at = std::find_if(families.begin(), families.end(),
                               [&](const Family& f) { return f.model_type == model_type; });
  return at == families.end() ? nullptr : &*at;
}

std::string short_model_name(std::string_view hub_id) {
  std::string name(hub_id.substr(hub_id.rfind('/') + 1));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (name.ends_with("-hf")) name.resize(name.size() - 3);
  return name;
}

}  // namespace headroom
