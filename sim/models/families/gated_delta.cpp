// Qwen3-Next and Qwen3.5: gated delta nets with full attention among them.

#include "sim/models/config_document.hpp"
#include "sim/models/experts.hpp"
#include "sim/models/families/family.hpp"
#include "sim/models/limits.hpp"

#include <fmt/format.h>

#include <utility>

namespace headroom {
namespace {

Result<GatedDelta> read_gated_delta(const ConfigSections& config) {
  GatedDelta g;
  HEADROOM_TRY(
      g.key_heads,
      config.integer({"key heads of linear attention", {"linear_num_key_heads"}, 1, kMostHeads}));
  HEADROOM_TRY(g.value_heads,
               config.integer(
                   {"value heads of linear attention", {"linear_num_value_heads"}, 1, kMostHeads}));
  HEADROOM_TRY(
      g.key_dim,
      config.integer(
          {"key head size of linear attention", {"linear_key_head_dim"}, 1, kMostHeadDim}));
  HEADROOM_TRY(
      g.value_dim,
      config.integer(
          {"value head size of linear attention", {"linear_value_head_dim"}, 1, kMostHeadDim}));
  HEADROOM_TRY(g.conv_kernel,
               config.integer({"convolution", {"linear_conv_kernel_dim"}, 1, 1'024}));
  HEADROOM_TRY(g.state_bytes, read_state_bytes(config));
  return g;
}

Result<std::vector<bool>> full_layers(const Reading& reading) {
  const ConfigSections& config = reading.config;
  std::vector<bool> full(static_cast<std::size_t>(reading.layers));
  if (!config.has("layer_types")) {
    HEADROOM_TRY(
        const std::int64_t interval,
        config.integer_or(
            {"layers from one full layer to the next", {"full_attention_interval"}, 1, kMostLayers},
            4));
    for (std::size_t i = 0; i < full.size(); ++i) {
      full[i] = (static_cast<std::int64_t>(i) + 1) % interval == 0;
    }
    return full;
  }
  HEADROOM_TRY(const auto types, config.strings("layer_types", reading.layers));
  for (std::size_t i = 0; i < types.size(); ++i) {
    full[i] = types[i] == "full_attention";
    if (!full[i] && types[i] != "linear_attention") {
      return fail(fmt::format("layer_types[{}] is {} (allowed for this model_type: "
                              "full_attention, linear_attention)",
                              i, value_text(nlohmann::json(types[i]))),
                  config.place());
    }
  }
  return full;
}

Status read_qwen_hybrid(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  Traits own = traits;
  own.width_optional = true;
  HEADROOM_TRY(LayerKind base, read_base(reading, own));
  base.attention()->output_gate = true;
  HEADROOM_TRY(const GatedDelta delta, read_gated_delta(config));
  HEADROOM_TRY(const std::vector<bool> full, full_layers(reading));
  std::vector<bool> sparse(full.size(), false);
  Experts experts;
  HEADROOM_TRY(const std::int64_t count,
               config.integer_or({"routed experts", {"num_experts"}, 0, kMostExperts}, 0));
  if (count > 0) {
    ExpertTraits traits_of_experts;
    traits_of_experts.shared_width_keys = {"shared_expert_intermediate_size"};
    traits_of_experts.shared_gate = true;
    HEADROOM_TRY(experts, read_experts(reading, traits_of_experts));
    HEADROOM_TRY(sparse, read_expert_layers(reading));
  }
  for (std::size_t i = 0; i < full.size(); ++i) {
    LayerKind kind = base;
    if (!full[i]) kind.mixer = delta;
    if (sparse[i]) {
      kind.mlp = experts;
    } else if (std::get<Mlp>(kind.mlp).width == 0) {
      return config.refuse("intermediate_size", "a layer without experts needs the MLP width");
    }
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

Traits qwen() {
  Traits t;
  t.qk_norm = Attention::QkNorm::shared;
  t.attention_bias_key = "attention_bias";
  return t;
}

}  // namespace

Families gated_delta_families() {
  return {
      {"qwen3_next", "Qwen3NextForCausalLM", qwen(), read_qwen_hybrid, true},
      {"qwen3_5", "Qwen3_5ForConditionalGeneration", qwen(), read_qwen_hybrid, true},
      {"qwen3_5_text", "Qwen3_5ForConditionalGeneration", qwen(), read_qwen_hybrid, true},
      {"qwen3_5_moe", "Qwen3_5MoeForConditionalGeneration", qwen(), read_qwen_hybrid, true},
      {"qwen3_5_moe_text", "Qwen3_5MoeForConditionalGeneration", qwen(), read_qwen_hybrid, true},
  };
}

}  // namespace headroom
