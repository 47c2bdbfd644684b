// State spaces, alone or among attention layers.

#include "sim/models/config_document.hpp"
#include "sim/models/experts.hpp"
#include "sim/models/families/family.hpp"
#include "sim/models/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace headroom {
namespace {

using Keys = std::vector<std::string_view>;

// --- Mamba 2, under three sets of names ---

struct Mamba2Keys {
  Keys heads, head_dim, groups, state, kernel;
  std::string_view conv_bias, projection_bias;
};

const Mamba2Keys& own_keys() {
  static const Mamba2Keys kKeys{{"mamba_num_heads", "num_heads"},
                                {"mamba_head_dim", "head_dim"},
                                {"n_groups"},
                                {"ssm_state_size", "state_size"},
                                {"conv_kernel"},
                                "use_conv_bias",
                                "use_bias"};
  return kKeys;
}

const Mamba2Keys& bamba_keys() {
  static const Mamba2Keys kKeys{{"mamba_n_heads"}, {"mamba_d_head"}, {"mamba_n_groups"},
                                {"mamba_d_state"}, {"mamba_d_conv"}, "mamba_conv_bias",
                                "mamba_proj_bias"};
  return kKeys;
}

Result<Mamba2> read_mamba2(const ConfigSections& config, const Mamba2Keys& keys) {
  Mamba2 m;
  HEADROOM_TRY(m.heads, config.integer({"Mamba heads", keys.heads, 1, kMostHeads}));
  HEADROOM_TRY(m.head_dim, config.integer({"Mamba head size", keys.head_dim, 1, kMostHeadDim}));
  HEADROOM_TRY(m.groups, config.integer({"Mamba groups", keys.groups, 1, m.heads}));
  HEADROOM_TRY(m.state, config.integer({"state size", keys.state, 1, kMostState}));
  HEADROOM_TRY(m.conv_kernel, config.integer({"convolution", keys.kernel, 1, 1'024}));
  HEADROOM_TRY(m.conv_bias, config.boolean_or(keys.conv_bias, true));
  HEADROOM_TRY(m.projection_bias, config.boolean_or(keys.projection_bias, false));
  HEADROOM_TRY(m.state_bytes, read_state_bytes(config));
  return m;
}

Status read_only_mamba2(Reading& reading, const Traits& traits) {
  HEADROOM_CHECK(read_sizes(reading, traits));
  LayerKind kind;
  HEADROOM_TRY(kind.mixer, read_mamba2(reading.config, own_keys()));
  kind.norms = 1;
  for (std::int64_t i = 0; i < reading.layers; ++i) HEADROOM_CHECK(add_layer(reading, kind));
  return {};
}

// --- Mamba 1 ---

/// `time_step_rank`, or "auto": a sixteenth of the hidden size.
Result<std::int64_t> read_rank(const Reading& reading, std::string_view key) {
  const std::int64_t automatic = (reading.model.text.hidden + 15) / 16;
  const auto found = reading.config.find(key);
  if (found && found->value->is_string() && *found->value == "auto") return automatic;
  return reading.config.integer_or({"rank of the time step", {key}, 1, kMostHidden}, automatic);
}

Status read_only_mamba1(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  HEADROOM_CHECK(read_sizes(reading, traits));
  Mamba1 m;
  HEADROOM_TRY(const std::int64_t expand, config.integer_or({"expansion", {"expand"}, 1, 64}, 2));
  HEADROOM_TRY(m.inner, config.integer_or(
                            {"inner width", {"intermediate_size", "d_inner"}, 1, kMostMlpWidth},
                            expand * reading.text().hidden));
  HEADROOM_TRY(m.state, config.integer_or({"state size", {"state_size"}, 1, kMostState}, 16));
  HEADROOM_TRY(m.conv_kernel, config.integer_or({"convolution", {"conv_kernel"}, 1, 1'024}, 4));
  HEADROOM_TRY(m.dt_rank, read_rank(reading, "time_step_rank"));
  HEADROOM_TRY(m.conv_bias, config.boolean_or("use_conv_bias", true));
  HEADROOM_TRY(m.projection_bias, config.boolean_or("use_bias", false));
  HEADROOM_TRY(m.state_bytes, read_state_bytes(config));
  LayerKind kind;
  kind.mixer = m;
  kind.norms = 1;
  for (std::int64_t i = 0; i < reading.layers; ++i) HEADROOM_CHECK(add_layer(reading, kind));
  return {};
}

// --- Nemotron-H: one mixer a layer, spelled by letters ---

Status read_nemotron_h(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  constexpr std::string_view kPatternKey[] = {"hybrid_override_pattern"};
  HEADROOM_TRY(const std::string pattern, config.string_or(kPatternKey, ""));
  HEADROOM_TRY(LayerKind base, read_base(reading, traits));
  if (pattern.size() != static_cast<std::size_t>(reading.layers) ||
      pattern.find_first_not_of("M*E-") != std::string::npos) {
    return config.refuse(
        "hybrid_override_pattern",
        fmt::format("a letter of M, *, E and - for each of {} layers is needed", reading.layers));
  }
  LayerKind attention = base;
  attention.mlp = std::monostate{};
  LayerKind dense = base;
  dense.mixer = std::monostate{};
  LayerKind mamba = attention;
  LayerKind sparse = dense;
  if (pattern.find('M') != std::string::npos) {
    HEADROOM_TRY(mamba.mixer, read_mamba2(config, own_keys()));
  }
  if (pattern.find('E') != std::string::npos) {
    ExpertTraits traits_of_experts;
    traits_of_experts.kind = MlpKind::plain;
    traits_of_experts.router_bias = true;
    traits_of_experts.shared_width_keys = {"moe_shared_expert_intermediate_size"};
    HEADROOM_TRY(Experts experts, read_experts(reading, traits_of_experts));
    HEADROOM_TRY(
        experts.latent,
        config.integer_or({"width of the experts' input", {"moe_latent_size"}, 0, kMostHidden}, 0));
    sparse.mlp = experts;
  }
  for (const char letter : pattern) {
    HEADROOM_CHECK(add_layer(reading, letter == 'M'   ? mamba
                                      : letter == 'E' ? sparse
                                      : letter == '*' ? attention
                                                      : dense));
  }
  return {};
}

// --- Jamba ---

Result<Mamba1> read_jamba_mixer(const Reading& reading) {
  const ConfigSections& config = reading.config;
  Mamba1 m;
  HEADROOM_TRY(const std::int64_t expand,
               config.integer_or({"expansion", {"mamba_expand"}, 1, 64}, 2));
  m.inner = expand * reading.model.text.hidden;
  HEADROOM_TRY(m.state, config.integer_or({"state size", {"mamba_d_state"}, 1, kMostState}, 16));
  HEADROOM_TRY(m.conv_kernel, config.integer_or({"convolution", {"mamba_d_conv"}, 1, 1'024}, 4));
  HEADROOM_TRY(m.dt_rank, read_rank(reading, "mamba_dt_rank"));
  HEADROOM_TRY(m.conv_bias, config.boolean_or("mamba_conv_bias", true));
  HEADROOM_TRY(m.projection_bias, config.boolean_or("mamba_proj_bias", false));
  HEADROOM_TRY(m.state_bytes, read_state_bytes(config));
  m.inner_norms = true;
  return m;
}

/// Every period-th layer attends; others are Mamba. Every other layer has experts.
Status read_jamba(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  HEADROOM_TRY(const LayerKind base, read_base(reading, traits));
  HEADROOM_TRY(const Mamba1 mamba, read_jamba_mixer(reading));
  HEADROOM_TRY(
      const std::int64_t period,
      config.integer_or({"period of attention", {"attn_layer_period"}, 1, kMostLayers}, 8));
  HEADROOM_TRY(
      const std::int64_t offset,
      config.integer_or({"first layer of attention", {"attn_layer_offset"}, 0, kMostLayers}, 4));
  ExpertTraits traits_of_experts;
  traits_of_experts.width_keys = {"intermediate_size"};
  HEADROOM_TRY(const Experts experts, read_experts(reading, traits_of_experts));
  HEADROOM_TRY(const std::vector<bool> has, read_expert_layers(reading));
  for (std::int64_t i = 0; i < reading.layers; ++i) {
    LayerKind kind = base;
    if (i % period != offset % period) kind.mixer = mamba;
    if (has[static_cast<std::size_t>(i)] && experts.count > 1) kind.mlp = experts;
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

// --- Bamba, Granite-4, Falcon-H1 ---

/// Layers that attend, by number (Bamba) or by name (Granite-4).
Result<std::vector<bool>> attention_layers(const Reading& reading) {
  const ConfigSections& config = reading.config;
  std::vector<bool> attends(static_cast<std::size_t>(reading.layers), false);
  const std::string_view key = config.has("layer_types") ? "layer_types" : "layers_block_type";
  HEADROOM_TRY(const auto types, config.strings(key, reading.layers));
  for (std::size_t i = 0; i < types.size(); ++i) {
    attends[i] = types[i] == "attention" || types[i] == "full_attention";
    if (!attends[i] && types[i] != "mamba") {
      return fail(fmt::format("{}[{}] is {} (allowed: attention, mamba)", key, i,
                              value_text(nlohmann::json(types[i]))),
                  config.place());
    }
  }
  HEADROOM_TRY(const auto numbers,
               config.any_integers(
                   {"layers with attention", {"attn_layer_indices"}, 0, reading.layers - 1}));
  for (const std::int64_t i : numbers) attends[static_cast<std::size_t>(i)] = true;
  return attends;
}

Status read_bamba(Reading& reading, const Traits& traits) {
  HEADROOM_TRY(const LayerKind base, read_base(reading, traits));
  HEADROOM_TRY(const Mamba2 mamba, read_mamba2(reading.config, bamba_keys()));
  HEADROOM_TRY(const std::vector<bool> attends, attention_layers(reading));
  for (const bool attention : attends) {
    LayerKind kind = base;
    if (!attention) kind.mixer = mamba;
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

/// Granite-4: a shared MLP in every layer, experts beside it in the larger ones.
Status read_granite_hybrid(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  HEADROOM_TRY(const std::int64_t count,
               config.integer_or({"routed experts", {"num_local_experts"}, 0, kMostExperts}, 0));
  Traits own = traits;
  own.width_optional = true;
  HEADROOM_TRY(LayerKind base, read_base(reading, own));
  reading.widths.clear();
  if (count > 0) {
    ExpertTraits traits_of_experts;
    traits_of_experts.width_keys = {"intermediate_size"};
    traits_of_experts.shared_width_keys = {"shared_intermediate_size"};
    HEADROOM_TRY(base.mlp, read_experts(reading, traits_of_experts));
  } else {
    HEADROOM_TRY(std::get<Mlp>(base.mlp).width,
                 config.integer({"MLP width", {"shared_intermediate_size"}, 1, kMostMlpWidth}));
  }
  HEADROOM_TRY(const Mamba2 mamba, read_mamba2(config, bamba_keys()));
  HEADROOM_TRY(const std::vector<bool> attends, attention_layers(reading));
  for (const bool attention : attends) {
    LayerKind kind = base;
    if (!attention) kind.mixer = mamba;
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

/// Falcon-H1 runs attention and Mamba side by side in every layer.
Status read_falcon_h1(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  HEADROOM_TRY(LayerKind kind, read_base(reading, traits));
  HEADROOM_TRY(const Mamba2 mamba, read_mamba2(config, bamba_keys()));
  HEADROOM_TRY(const bool normed, config.boolean_or("mamba_rms_norm", false));
  LayerKind beside;
  beside.mixer = mamba;
  beside.norms = 0;
  kind.extra = layer_tensors(reading.text(), beside);
  if (!normed) {
    std::erase_if(kind.extra, [](const Tensor& tensor) { return tensor.name == "mixer.norm"; });
  }
  reading.assume(
      "each layer's Mamba state, held beside its attention, is left out of the memory of a "
      "sequence");
  for (std::int64_t i = 0; i < reading.layers; ++i) HEADROOM_CHECK(add_layer(reading, kind));
  return {};
}

Traits plain_biased() {
  Traits t;
  t.mlp = MlpKind::plain;
  t.norms = 1;
  t.attention_bias_key = "attention_bias";
  t.mlp_bias_key = "mlp_bias";
  return t;
}

Traits biased() {
  Traits t;
  t.attention_bias_key = "attention_bias";
  t.mlp_bias_key = "mlp_bias";
  return t;
}

Traits tied() {
  Traits t;
  t.tied = true;
  return t;
}

}  // namespace

Families hybrid_families() {
  return {
      {"mamba", "MambaForCausalLM", tied(), read_only_mamba1, true},
      {"falcon_mamba", "FalconMambaForCausalLM", tied(), read_only_mamba1, true},
      {"mamba2", "Mamba2ForCausalLM", {}, read_only_mamba2, true, false},
      {"nemotron_h", "NemotronHForCausalLM", plain_biased(), read_nemotron_h, true},
      {"jamba", "JambaForCausalLM", {}, read_jamba, true},
      {"bamba", "BambaForCausalLM", biased(), read_bamba, true},
      {"granitemoehybrid", "GraniteMoeHybridForCausalLM", biased(), read_granite_hybrid, true},
      {"falcon_h1", "FalconH1ForCausalLM", biased(), read_falcon_h1, true},
  };
}

}  // namespace headroom
