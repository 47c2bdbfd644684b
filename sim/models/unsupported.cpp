#include "sim/models/unsupported.hpp"

#include "sim/models/config_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace headroom {
namespace {

struct Marker {
  std::string_view key;
  std::string_view kind;
};

constexpr std::string_view kExperts = "a mixture of experts";
constexpr std::string_view kLatent = "multi-head latent attention";
constexpr std::string_view kStateSpace = "a model with state-space or linear attention layers";
constexpr std::string_view kPerLayer = "a model whose heads differ between layers";
constexpr std::string_view kSparse = "sparse attention";

constexpr std::array kMarkers{
    Marker{"num_local_experts", kExperts},
    Marker{"n_routed_experts", kExperts},
    Marker{"num_experts", kExperts},
    Marker{"moe_num_experts", kExperts},
    Marker{"num_moe_experts", kExperts},
    Marker{"num_experts_per_tok", kExperts},
    Marker{"moe_intermediate_size", kExperts},
    Marker{"moe_layers_enum", kExperts},
    Marker{"ffn_config", kExperts},
    Marker{"kv_lora_rank", kLatent},
    Marker{"hybrid_override_pattern", kStateSpace},
    Marker{"layers_block_type", kStateSpace},
    Marker{"full_attention_interval", kStateSpace},
    Marker{"attn_layer_period", kStateSpace},
    Marker{"linear_attn_config", kStateSpace},
    Marker{"linear_num_key_heads", kStateSpace},
    Marker{"linear_num_value_heads", kStateSpace},
    Marker{"mamba_num_heads", kStateSpace},
    Marker{"mamba_n_heads", kStateSpace},
    Marker{"mamba_d_state", kStateSpace},
    Marker{"ssm_state_size", kStateSpace},
    Marker{"ssm_cfg", kStateSpace},
    Marker{"state_size", kStateSpace},
    Marker{"block_configs", kPerLayer},
    Marker{"num_query_heads", kPerLayer},
    Marker{"hybrid_layer_pattern", kPerLayer},
    Marker{"swa_num_attention_heads", kPerLayer},
    Marker{"swa_num_key_value_heads", kPerLayer},
    Marker{"num_global_key_value_heads", kPerLayer},
    Marker{"global_head_dim", kPerLayer},
    Marker{"num_kv_shared_layers", kPerLayer},
    Marker{"index_topk", kSparse},
    Marker{"sparse_attention_config", kSparse},
    Marker{"is_encoder_decoder", "an encoder-decoder model"},
};

/// Configs write 0, false and [] for "none of this kind".
bool says_none(const nlohmann::json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value == 0;
  return (value.is_array() || value.is_object()) && value.empty();
}

}  // namespace

Status check_uniform(const ConfigSections& config, std::string_view model_type) {
  for (const Marker& marker : kMarkers) {
    const auto found = config.find(marker.key);
    if (!found || says_none(*found->value)) continue;
    return fail(fmt::format("{} is not read of model_type '{}': {} is {}", marker.kind, model_type,
                            found->path, value_text(*found->value)),
                config.place());
  }
  return {};
}

bool is_encoder_only(std::string_view model_type) {
  constexpr std::array<std::string_view, 12> kEncoders{
      "bert",       "roberta",    "xlm-roberta",       "distilbert",
      "albert",     "electra",    "deberta",           "deberta-v2",
      "modernbert", "nomic_bert", "clip_vision_model", "siglip"};
  return std::find(kEncoders.begin(), kEncoders.end(), model_type) != kEncoders.end();
}

}  // namespace headroom
