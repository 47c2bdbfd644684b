#include "tests/sim/vllm_models.hpp"

#include "tests/models.hpp"

#include <string>

namespace headroom::test {
namespace {

struct Frame {
  std::string_view hub_id;
  std::string_view architecture;
  std::string_view model_type;
  std::int64_t hidden = 0;
  std::int64_t vocab = 0;
};

Model framed(const Frame& frame) {
  Model model;
  model.hub_id = frame.hub_id;
  model.architecture = frame.architecture;
  model.model_type = frame.model_type;
  model.text.hidden = frame.hidden;
  model.text.vocab = frame.vocab;
  return model;
}

/// One letter a layer, 'a' for the first kind.
void set_layers(Model& model, std::vector<LayerKind> kinds, std::string_view letters) {
  model.text.kinds = std::move(kinds);
  for (const char letter : letters) {
    model.text.kind_of_layer.push_back(static_cast<std::uint8_t>(letter - 'a'));
  }
}

std::string repeated(std::string_view pattern, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += pattern;
  return out;
}

Attention attention(std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim) {
  Attention a;
  a.heads = heads;
  a.kv_heads = kv_heads;
  a.head_dim = head_dim;
  return a;
}

Experts experts(std::int64_t count, std::int64_t active, std::int64_t width) {
  Experts e;
  e.count = count;
  e.active = active;
  e.width = width;
  return e;
}

LayerKind layer_of(decltype(LayerKind::mixer) mixer, decltype(LayerKind::mlp) mlp,
                   std::int64_t norms = 2) {
  LayerKind kind;
  kind.mixer = mixer;
  kind.mlp = mlp;
  kind.norms = norms;
  return kind;
}

Model mixtral(std::string_view hub_id, std::int64_t hidden, std::int64_t heads, std::int64_t width,
              int layers) {
  Model model = framed({hub_id, "MixtralForCausalLM", "mixtral", hidden, 32'000});
  set_layers(model, {layer_of(attention(heads, 8, 128), experts(8, 2, width))},
             repeated("a", layers));
  return model;
}

}  // namespace

Quantization fp8_blocks() {
  Quantization q;
  q.scheme = Quantization::Scheme::fp8_block;
  q.method = "fp8";
  q.bits = 8;
  q.block_out = q.block_in = 128;
  return q;
}

Quantization int4(Quantization::Scheme scheme, std::int64_t group) {
  Quantization q;
  q.scheme = scheme;
  q.method = scheme == Quantization::Scheme::awq    ? "awq"
             : scheme == Quantization::Scheme::gptq ? "gptq"
                                                    : "compressed-tensors";
  q.bits = 4;
  q.group = group;
  return q;
}

Model mixtral_8x7b() { return mixtral("mistralai/Mixtral-8x7B-v0.1", 4096, 32, 14'336, 32); }
Model mixtral_8x22b() { return mixtral("mistralai/Mixtral-8x22B-v0.1", 6144, 48, 16'384, 56); }

Model qwen3_235b() {
  Model model = framed({"Qwen/Qwen3-235B-A22B", "Qwen3MoeForCausalLM", "qwen3_moe", 4096, 151'936});
  Attention a = attention(64, 4, 128);
  a.qk_norm = Attention::QkNorm::shared;
  set_layers(model, {layer_of(a, experts(128, 8, 1536))}, repeated("a", 94));
  return model;
}

Model qwen3_32b_fp8() {
  Model model = framed({"Qwen/Qwen3-32B-FP8", "Qwen3ForCausalLM", "qwen3", 5120, 151'936});
  Attention a = attention(64, 8, 128);
  a.qk_norm = Attention::QkNorm::shared;
  set_layers(model, {layer_of(a, Mlp{MlpKind::gated, 25'600, false})}, repeated("a", 64));
  model.quantization = fp8_blocks();
  return model;
}

Model deepseek_v3() {
  Model model =
      framed({"deepseek-ai/DeepSeek-V3", "DeepseekV3ForCausalLM", "deepseek_v3", 7168, 129'280});
  Attention a = attention(128, 128, 192);
  a.value_head_dim = 128;
  a.latent = LatentAttention{1536, 512, 128, 64, 128};
  Experts e = experts(256, 8, 2048);
  e.shared_width = 2048;
  e.router_bias = true;
  set_layers(model, {layer_of(a, Mlp{MlpKind::gated, 18'432, false}), layer_of(a, e)},
             "aaa" + repeated("b", 58));
  return model;
}

Model deepseek_v3_fp8() {
  Model model = deepseek_v3();
  model.quantization = fp8_blocks();
  return model;
}

Model gpt_oss_120b() {
  Model model = framed({"openai/gpt-oss-120b", "GptOssForCausalLM", "gpt_oss", 2880, 201'088});
  Attention full = attention(64, 8, 64);
  full.qkv_bias = full.output_bias = full.sinks = true;
  Attention sliding = full;
  sliding.reach = Attention::Reach::sliding;
  sliding.window = 128;
  Experts e = experts(128, 4, 2880);
  e.bias = e.router_bias = true;
  set_layers(model, {layer_of(sliding, e), layer_of(full, e)}, repeated("ab", 18));
  model.quantization.scheme = Quantization::Scheme::mxfp4;
  model.quantization.method = "mxfp4";
  model.quantization.bits = 4;
  model.quantization.experts_only = true;
  return model;
}

Model llama4_scout() {
  Model model = framed({"meta-llama/Llama-4-Scout-17B-16E-Instruct",
                        "Llama4ForConditionalGeneration", "llama4", 5120, 202'048});
  Attention full = attention(40, 8, 128);
  Attention chunked = full;
  chunked.reach = Attention::Reach::chunked;
  chunked.window = 8192;
  Experts e = experts(16, 1, 8192);
  e.shared_width = 8192;
  set_layers(model, {layer_of(chunked, e), layer_of(full, e)}, repeated("aaab", 12));
  return model;
}

Model qwen3_next() {
  Model model = framed(
      {"Qwen/Qwen3-Next-80B-A3B-Instruct", "Qwen3NextForCausalLM", "qwen3_next", 2048, 151'936});
  Attention a = attention(16, 2, 256);
  a.output_gate = true;
  a.qk_norm = Attention::QkNorm::shared;
  Experts e = experts(512, 10, 512);
  e.shared_width = 512;
  e.shared_gate = true;
  set_layers(model, {layer_of(GatedDelta{16, 32, 128, 128, 4}, e), layer_of(a, e)},
             repeated("aaab", 12));
  return model;
}

Model nemotron3_super() {
  Model model = framed({"nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-FP8", "NemotronHForCausalLM",
                        "nemotron_h", 4096, 131'072});
  Experts e = experts(512, 22, 2688);
  e.kind = MlpKind::plain;
  e.shared_width = 5376;
  const LayerKind mamba = layer_of(Mamba2{128, 64, 8, 128, 4}, {}, 1);
  const LayerKind moe = layer_of({}, e, 1);
  const LayerKind attends = layer_of(attention(32, 2, 128), {}, 1);
  std::string letters;
  for (const char c : std::string("MEMEMEM*EMEMEMEM*EMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*"
                                  "EMEMEMEMEM*EMEMEMEM*EMEMEMEME")) {
    letters += c == 'M' ? 'a' : c == 'E' ? 'b' : 'c';
  }
  set_layers(model, {mamba, moe, attends}, letters);
  return model;
}

std::optional<Model> model_by_hand(std::string_view hub_id) {
  using Builder = Model (*)();
  constexpr Builder kBuilders[] = {mixtral_8x7b,  mixtral_8x22b, qwen3_235b,
                                   qwen3_32b_fp8, deepseek_v3,   gpt_oss_120b,
                                   llama4_scout,  qwen3_next,    nemotron3_super};
  for (const Builder build : kBuilders) {
    Model model = build();
    if (model.hub_id == hub_id) return model;
  }
  if (const auto listed = find_model(hub_id)) return **listed;
  return std::nullopt;
}

}  // namespace headroom::test
