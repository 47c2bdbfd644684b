#include "sim/engine/vllm_linear.hpp"

#include "sim/engine/shared_rules.hpp"

#include <algorithm>
#include <string_view>
#include <variant>

namespace headroom::vllm {
namespace {

std::string with_suffix(const std::string& name, std::string_view suffix, std::string_view fused) {
  return name.substr(0, name.size() - suffix.size()) + std::string(fused);
}

/// model_executor/layers/linear.py: QKVParallelLinear, MergedColumnParallelLinear.
std::string fused_name(const std::string& name, bool latent) {
  struct Fusion {
    std::string_view part;
    std::string_view whole;
    bool latent;  // of latent attention, or of the other kind
  };
  constexpr Fusion kAttention[] = {{"q_a_proj", "fused_qkv_a_proj", true},
                                   {"kv_a_proj_with_mqa", "fused_qkv_a_proj", true},
                                   {"q_proj", "qkv_proj", false},
                                   {"k_proj", "qkv_proj", false},
                                   {"v_proj", "qkv_proj", false}};
  for (const Fusion& fusion : kAttention) {
    if (fusion.latent == latent && name.ends_with(fusion.part)) {
      return with_suffix(name, fusion.part, fusion.whole);
    }
  }
  for (const std::string_view part : {"gate_proj", "up_proj"}) {
    if (name.ends_with(part)) return with_suffix(name, part, "gate_up_proj");
  }
  return name;
}

}  // namespace

std::vector<LinearLayer> quantized_layers(const Model& model, const LayerKind& kind,
                                          const ShardSizes& sizes) {
  std::vector<LinearLayer> layers;
  std::vector<std::string> keys;
  if (!model.quantization.quantized()) return layers;
  const Attention* attention = kind.attention();
  const bool latent = attention != nullptr && attention->latent;
  for (const Tensor& tensor : layer_tensors(model.text, kind)) {
    if (is_expert(tensor) || !is_quantized(model, kind, tensor)) continue;
    const std::string key = fused_name(tensor.name, latent);
    const Tensor part = shard(tensor, sizes);
    const auto same = std::find(keys.begin(), keys.end(), key);
    if (same == keys.end()) {
      keys.push_back(key);
      layers.push_back({tensor.name, tensor.split, part.in, {part.out}});
    } else {
      LinearLayer& layer = layers[static_cast<std::size_t>(same - keys.begin())];
      layer.name = key;
      layer.outs.push_back(part.out);
    }
  }
  return layers;
}

const Experts* quantized_experts(const Model& model, const LayerKind& kind) {
  const auto* experts = std::get_if<Experts>(&kind.mlp);
  if (experts == nullptr || !expert_scheme(model).quantized()) return nullptr;
  for (const Tensor& tensor : layer_tensors(model.text, kind)) {
    if (is_expert(tensor) && is_quantized(model, kind, tensor)) return experts;
  }
  return nullptr;
}

}  // namespace headroom::vllm
