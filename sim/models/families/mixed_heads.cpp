// Decoders whose attention differs between layers in more than its reach.

#include "sim/models/config_document.hpp"
#include "sim/models/experts.hpp"
#include "sim/models/families/family.hpp"
#include "sim/models/limits.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace headroom {
namespace {

/// A list of 0 and 1 for every layer.
Result<std::vector<std::int64_t>> ones(const ConfigSections& config, std::string_view key,
                                       std::int64_t layers) {
  HEADROOM_TRY(auto list, config.integers({"layers", {key}, 0, 1}, layers));
  if (list.empty()) {
    return config.refuse(key, fmt::format("a list of {} zeros and ones is needed", layers));
  }
  return list;
}

Status check_shared(const ConfigSections& config, const Attention& attention) {
  if (attention.kv_heads <= attention.heads && attention.heads % attention.kv_heads == 0 &&
      attention.heads * attention.head_dim <= kMostAttentionWidth) {
    return {};
  }
  return fail(fmt::format("{} query heads of size {} do not share {} KV heads evenly, or are too "
                          "wide",
                          attention.heads, attention.head_dim, attention.kv_heads),
              config.place());
}

// --- Gemma-4 ---

/// Full layers have heads of their own size, and may use keys as values.
Result<Attention> gemma4_full(const ConfigSections& config, const Attention& sliding) {
  Attention full = sliding;
  full.reach = Attention::Reach::full;
  full.window = 0;
  HEADROOM_TRY(full.head_dim,
               config.integer_or({"head size of full layers", {"global_head_dim"}, 1, kMostHeadDim},
                                 sliding.head_dim));
  HEADROOM_TRY(full.value_is_key, config.boolean_or("attention_k_eq_v", false));
  if (full.value_is_key) {
    HEADROOM_TRY(full.kv_heads,
                 config.integer_or(
                     {"KV heads of full layers", {"num_global_key_value_heads"}, 1, sliding.heads},
                     sliding.kv_heads));
  }
  HEADROOM_CHECK(check_shared(config, full));
  return full;
}

Status read_gemma4(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  HEADROOM_TRY(const bool experts, config.boolean_or("enable_moe_block", false));
  if (experts) return config.refuse("enable_moe_block", "experts beside the MLP are not read");
  for (const std::string_view key : {"hidden_size_per_layer_input", "num_kv_shared_layers"}) {
    HEADROOM_TRY(const std::int64_t size, config.integer_or({key, {key}, 0, kMostHidden}, 0));
    if (size > 0) return config.refuse(key, "the small Gemma-4 models are not read");
  }
  HEADROOM_TRY(LayerKind base, read_base(reading, traits));
  base.extra.push_back({"layer_scalar", 1});
  HEADROOM_TRY(const Attention full, gemma4_full(config, *base.attention()));
  HEADROOM_TRY(const auto reaches, read_reaches(reading, traits));
  for (const Reach& reach : reaches) {
    LayerKind kind = base;
    if (reach.reach == Attention::Reach::full) kind.mixer = full;
    set_reach(kind, reach);
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

// --- MiMo-V2-Flash ---

Status read_value_heads(const ConfigSections& config, std::string_view key, Attention& attention) {
  HEADROOM_TRY(attention.value_head_dim,
               config.integer_or({"head size of values", {key}, 1, kMostHeadDim}, 0));
  return {};
}

Result<Attention> mimo_sliding(const ConfigSections& config, const Attention& full) {
  Attention sliding = full;
  HEADROOM_TRY(sliding.heads,
               config.integer_or(
                   {"query heads of sliding layers", {"swa_num_attention_heads"}, 1, kMostHeads},
                   full.heads));
  HEADROOM_TRY(
      sliding.kv_heads,
      config.integer_or({"KV heads of sliding layers", {"swa_num_key_value_heads"}, 1, kMostHeads},
                        full.kv_heads));
  HEADROOM_TRY(sliding.head_dim,
               config.integer_or({"head size of sliding layers", {"swa_head_dim"}, 1, kMostHeadDim},
                                 full.head_dim));
  HEADROOM_CHECK(read_value_heads(config, "swa_v_head_dim", sliding));
  HEADROOM_TRY(sliding.sinks, config.boolean_or("add_swa_attention_sink_bias", false));
  sliding.reach = Attention::Reach::sliding;
  HEADROOM_TRY(sliding.window,
               config.integer(
                   {"sliding window", {"sliding_window", "sliding_window_size"}, 1, kMostContext}));
  HEADROOM_CHECK(check_shared(config, sliding));
  return sliding;
}

Status read_mimo_v2(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  HEADROOM_TRY(LayerKind base, read_base(reading, traits));
  HEADROOM_CHECK(read_value_heads(config, "v_head_dim", *base.attention()));
  HEADROOM_TRY(const Attention sliding, mimo_sliding(config, *base.attention()));
  HEADROOM_TRY(base.attention()->sinks, config.boolean_or("add_full_attention_sink_bias", false));
  HEADROOM_TRY(const auto slides, ones(config, "hybrid_layer_pattern", reading.layers));
  ExpertTraits traits_of_experts;
  traits_of_experts.router_bias = true;
  traits_of_experts.shared_count = true;
  HEADROOM_TRY(const Experts experts, read_experts(reading, traits_of_experts));
  HEADROOM_TRY(const auto sparse, read_expert_layers(reading));
  for (std::size_t i = 0; i < slides.size(); ++i) {
    LayerKind kind = base;
    if (slides[i] != 0) kind.mixer = sliding;
    if (sparse[i]) kind.mlp = experts;
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

// --- Step-3.5 and 3.7 ---

/// Sliding layers may have other heads; a section says so.
Result<Attention> step_sliding(const ConfigSections& config, const Attention& full) {
  Attention sliding = full;
  HEADROOM_TRY(const auto other, config.child("attention_other_setting"));
  if (!other) return sliding;
  HEADROOM_TRY(
      sliding.heads,
      other->integer_or({"query heads of sliding layers", {"num_attention_heads"}, 1, kMostHeads},
                        full.heads));
  HEADROOM_TRY(sliding.kv_heads, other->integer_or({"KV heads of sliding layers",
                                                    {"num_attention_groups", "num_key_value_heads"},
                                                    1,
                                                    kMostHeads},
                                                   full.kv_heads));
  HEADROOM_TRY(sliding.head_dim,
               other->integer_or({"head size of sliding layers", {"head_dim"}, 1, kMostHeadDim},
                                 full.head_dim));
  HEADROOM_CHECK(check_shared(config, sliding));
  return sliding;
}

/// One gate a head, and three dense layers first.
Status read_step(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  HEADROOM_TRY(const LayerKind base, read_base(reading, traits));
  HEADROOM_TRY(const Attention sliding, step_sliding(config, *base.attention()));
  HEADROOM_TRY(const auto reaches, read_reaches(reading, traits));
  ExpertTraits traits_of_experts;
  traits_of_experts.shared_width_keys = {"share_expert_dim", "share_expert_dims"};
  HEADROOM_TRY(traits_of_experts.router_bias, config.boolean_or("use_moe_router_bias", false));
  HEADROOM_TRY(const Experts experts, read_experts(reading, traits_of_experts));
  HEADROOM_TRY(auto sparse, read_expert_layers(reading));
  if (!config.has("first_k_dense_replace") && !config.has("moe_layers_enum")) {
    for (std::size_t i = 0; i < std::min<std::size_t>(3, sparse.size()); ++i) sparse[i] = false;
  }
  for (std::size_t i = 0; i < reaches.size(); ++i) {
    LayerKind kind = base;
    if (reaches[i].reach == Attention::Reach::sliding) kind.mixer = sliding;
    set_reach(kind, reaches[i]);
    if (sparse[i]) kind.mlp = experts;
    kind.extra.push_back(
        {"self_attn.g_proj", kind.attention()->heads, reading.text().hidden, Split::columns});
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

// --- MiniMax-M3 ---

/// What a layer of sparse attention has beside: queries and one key that pick blocks of tokens.
struct BlockIndex {
  std::int64_t heads = 0;
  std::int64_t width = 0;
  std::vector<std::int64_t> layers;
};

Result<BlockIndex> read_block_index(const Reading& reading) {
  BlockIndex index;
  HEADROOM_TRY(const auto section, reading.config.child("sparse_attention_config"));
  if (!section) {
    index.layers.assign(static_cast<std::size_t>(reading.layers), 0);
    return index;
  }
  HEADROOM_TRY(index.heads,
               section->integer({"indexer heads", {"sparse_num_index_heads"}, 1, kMostHeads}));
  HEADROOM_TRY(index.width,
               section->integer({"indexer head size", {"sparse_index_dim"}, 1, kMostHeadDim}));
  HEADROOM_TRY(index.layers, ones(*section, "sparse_attention_freq", reading.layers));
  return index;
}

void add_block_index(LayerKind& kind, const BlockIndex& index, std::int64_t hidden,
                     std::int64_t dtype_bytes) {
  kind.extra.push_back(
      {"self_attn.index_q_proj", index.heads * index.width, hidden, Split::whole, 1, 1, true});
  kind.extra.push_back({"self_attn.index_k_proj", index.width, hidden, Split::whole, 1, 1, true});
  kind.extra.push_back({"self_attn.index_norms", 2 * index.width});
  kind.attention()->indexer_cache = index.width * dtype_bytes;
}

Status read_minimax_m3(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  Traits own = traits;
  own.width_optional = true;
  HEADROOM_TRY(LayerKind base, read_base(reading, own));
  reading.widths.clear();
  HEADROOM_TRY(std::get<Mlp>(base.mlp).width,
               config.integer({"MLP width", {"dense_intermediate_size"}, 1, kMostMlpWidth}));
  HEADROOM_TRY(const BlockIndex index, read_block_index(reading));
  ExpertTraits traits_of_experts;
  traits_of_experts.width_keys = {"moe_intermediate_size", "intermediate_size"};
  traits_of_experts.shared_width_keys = {"shared_intermediate_size"};
  HEADROOM_TRY(traits_of_experts.router_bias, config.boolean_or("use_routing_bias", false));
  HEADROOM_TRY(const Experts experts, read_experts(reading, traits_of_experts));
  HEADROOM_TRY(const auto sparse, read_expert_layers(reading));
  for (std::size_t i = 0; i < sparse.size(); ++i) {
    LayerKind kind = base;
    if (index.layers[i] != 0) {
      add_block_index(kind, index, reading.text().hidden, reading.model.dtype_bytes);
    }
    if (sparse[i]) kind.mlp = experts;
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

// --- Nemotron-NAS: a section for every layer ---

/// What a part of a layer became: itself, nothing, or one matrix.
enum class Part { kept, none, linear };

Result<Part> read_part(const ConfigSections& section) {
  HEADROOM_TRY(const bool none, section.boolean_or("no_op", false));
  HEADROOM_TRY(const bool linear, section.boolean_or("replace_with_linear", false));
  return none ? Part::none : linear ? Part::linear : Part::kept;
}

std::optional<ConfigSections> part_section(const nlohmann::json& block, std::string_view key,
                                           std::size_t index, const std::string& where) {
  const auto at = block.find(key);
  if (at == block.end() || !at->is_object()) return std::nullopt;
  return ConfigSections({{fmt::format("block_configs[{}].{}", index, key), &*at}}, where);
}

Status read_nas_attention(const ConfigSections& section, std::int64_t hidden, LayerKind& kind) {
  HEADROOM_TRY(const Part part, read_part(section));
  if (part == Part::kept) {
    Attention& attention = *kind.attention();
    HEADROOM_TRY(const std::int64_t shared,
                 section.integer({"heads in a group", {"n_heads_in_group"}, 1, attention.heads}));
    if (attention.heads % shared != 0) {
      return section.refuse("n_heads_in_group",
                            fmt::format("{} heads do not divide", attention.heads));
    }
    attention.kv_heads = attention.heads / shared;
    return {};
  }
  kind.mixer = std::monostate{};
  if (part == Part::none) --kind.norms;
  if (part == Part::linear) {
    kind.extra.push_back({"self_attn.linear_attn", hidden, hidden, Split::whole, 1, 1, true});
  }
  return {};
}

/// The width is given as a multiple: two thirds of it, times the hidden size, rounded up to 256.
Status read_nas_mlp(const ConfigSections& section, std::int64_t hidden, LayerKind& kind) {
  HEADROOM_TRY(const Part part, read_part(section));
  if (part == Part::kept) {
    HEADROOM_TRY(const double factor, section.number_or("ffn_mult", 0.0));
    const double width = 2.0 * factor * static_cast<double>(hidden) / 3.0;
    if (!(width >= 1.0) || width > static_cast<double>(kMostMlpWidth)) {
      return section.refuse("ffn_mult", "the MLP width in hidden sizes, above 0");
    }
    std::get<Mlp>(kind.mlp).width = (static_cast<std::int64_t>(width) + 255) / 256 * 256;
    return {};
  }
  kind.mlp = std::monostate{};
  if (part == Part::none) --kind.norms;
  if (part == Part::linear) {
    kind.extra.push_back({"mlp.linear_mlp", hidden, hidden, Split::whole, 1, 1, true});
  }
  return {};
}

Status read_nemotron_nas(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  Traits own = traits;
  own.width_optional = true;
  HEADROOM_TRY(const LayerKind base, read_base(reading, own));
  reading.widths.clear();
  const auto blocks = config.find("block_configs");
  const auto count = static_cast<std::size_t>(reading.layers);
  if (!blocks || !blocks->value->is_array() || blocks->value->size() != count) {
    return config.refuse("block_configs",
                         fmt::format("a list of {} sections is needed", reading.layers));
  }
  const std::int64_t hidden = reading.text().hidden;
  for (std::size_t i = 0; i < count; ++i) {
    const nlohmann::json& block = (*blocks->value)[i];
    const auto attention =
        block.is_object() ? part_section(block, "attention", i, config.where()) : std::nullopt;
    const auto ffn =
        block.is_object() ? part_section(block, "ffn", i, config.where()) : std::nullopt;
    if (!attention || !ffn) {
      return fail(fmt::format("block_configs[{}] is {} (allowed: sections attention and ffn)", i,
                              value_text(block)),
                  config.place());
    }
    LayerKind kind = base;
    HEADROOM_CHECK(read_nas_attention(*attention, hidden, kind));
    HEADROOM_CHECK(read_nas_mlp(*ffn, hidden, kind));
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

Traits gemma4() {
  Traits t;
  t.norms = 4;
  t.tied = true;
  t.qk_norm = Attention::QkNorm::shared;
  t.attention_bias_key = "attention_bias";
  t.window = Traits::Window::always;
  t.window_default = 512;
  t.pattern = 6;
  t.head_dim = 256;
  return t;
}

Traits qkv_biased() {
  Traits t;
  t.qkv_bias_key = "attention_bias";
  return t;
}

Traits normed() {
  Traits t;
  t.qk_norm = Attention::QkNorm::shared;
  return t;
}

Traits llama() {
  Traits t;
  t.attention_bias_key = "attention_bias";
  t.mlp_bias_key = "mlp_bias";
  return t;
}

}  // namespace

Families mixed_head_families() {
  return {
      {"gemma4", "Gemma4ForConditionalGeneration", gemma4(), read_gemma4, true},
      {"gemma4_text", "Gemma4ForCausalLM", gemma4(), read_gemma4, true},
      {"mimo_v2_flash", "MiMoV2FlashForCausalLM", qkv_biased(), read_mimo_v2, true},
      {"step3p5", "Step3p5ForCausalLM", normed(), read_step, true},
      {"step3p7", "Step3p7FlashForCausalLM", normed(), read_step, true},
      {"minimax_m3", "MiniMaxM3ForCausalLM", normed(), read_minimax_m3, true},
      {"nemotron-nas", "DeciLMForCausalLM", llama(), read_nemotron_nas, true},
  };
}

}  // namespace headroom
