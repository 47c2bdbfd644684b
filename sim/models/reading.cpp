#include "sim/models/reading.hpp"

#include "sim/models/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace headroom {
namespace {

/// The class default of a figure, where it holds.
std::int64_t class_default(const Reading& reading, const Traits& traits, std::int64_t value) {
  return traits.defaults_when_nested && !reading.nested ? 0 : value;
}

/// A figure with a class default (`absent` above zero), or without.
Result<std::int64_t> figure_or_default(const ConfigSections& config, const Figure& figure,
                                       std::int64_t absent) {
  return absent > 0 ? config.integer_or(figure, absent) : config.integer(figure);
}

/// One figure for all layers, or a list of one for each, of which the first that is not 0 is given.
Result<std::int64_t> one_or_list(const Reading& reading, const Figure& figure, std::int64_t absent,
                                 std::vector<std::int64_t>& list) {
  Figure entry = figure;
  entry.least = 0;  // a layer without
  HEADROOM_TRY(list, reading.config.integers(entry, reading.layers));
  const auto at = std::find_if(list.begin(), list.end(), [](std::int64_t n) { return n > 0; });
  if (at != list.end()) return *at;
  list.clear();
  return figure_or_default(reading.config, figure, absent);
}

Status check_heads(const ConfigSections& config, std::int64_t heads, std::int64_t kv_heads) {
  if (heads % kv_heads == 0) return {};
  return fail(fmt::format("{} query heads do not share {} KV heads evenly ({} mod {} = {})", heads,
                          kv_heads, heads, kv_heads, heads % kv_heads),
              config.place());
}

Status read_head_dim(const Reading& reading, const Traits& traits, Attention& attention) {
  const ConfigSections& config = reading.config;
  const Figure head_dim{
      "head size", {"head_dim", "hidden_size_per_head", "kv_channels"}, 1, kMostHeadDim};
  if (config.find(head_dim.keys) || traits.head_dim > 0) {
    HEADROOM_TRY(attention.head_dim, config.integer_or(head_dim, traits.head_dim));
  } else {
    const std::int64_t hidden = reading.model.text.hidden;
    if (hidden % attention.heads != 0) {
      return fail(fmt::format("head_dim is missing and the hidden size {} is not a multiple of {} "
                              "query heads",
                              hidden, attention.heads),
                  config.place());
    }
    attention.head_dim = hidden / attention.heads;
  }
  if (attention.heads * attention.head_dim > kMostAttentionWidth) {
    return fail(
        fmt::format("{} query heads of size {} are {} wide (allowed: at most {})", attention.heads,
                    attention.head_dim, attention.heads * attention.head_dim, kMostAttentionWidth),
        config.place());
  }
  return {};
}

/// What the lists say of this layer.
Status apply_lists(const Reading& reading, std::size_t index, LayerKind& kind) {
  if (Attention* attention = kind.attention()) {
    if (!reading.heads.empty()) attention->heads = reading.heads[index];
    if (!reading.kv_heads.empty()) attention->kv_heads = reading.kv_heads[index];
    if (attention->heads == 0 || attention->kv_heads == 0) {
      kind.mixer = std::monostate{};
    } else {
      HEADROOM_CHECK(check_heads(reading.config, attention->heads, attention->kv_heads));
    }
  }
  if (Mlp* mlp = std::get_if<Mlp>(&kind.mlp); mlp != nullptr && !reading.widths.empty()) {
    mlp->width = reading.widths[index];
    if (mlp->width == 0) kind.mlp = std::monostate{};
  }
  return {};
}

Result<bool> flag(const ConfigSections& config, bool fixed, std::string_view key) {
  if (fixed || key.empty()) return fixed;
  return config.boolean_or(key, false);
}

}  // namespace

Status read_sizes(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  const auto own = [&](std::int64_t value) { return class_default(reading, traits, value); };
  HEADROOM_TRY(
      reading.layers,
      figure_or_default(
          config,
          {"layers", {"num_hidden_layers", "n_layer", "n_layers", "num_layers"}, 1, kMostLayers},
          own(traits.layers)));
  TextArch& text = reading.text();
  HEADROOM_TRY(
      text.hidden,
      figure_or_default(
          config, {"hidden size", {"hidden_size", "n_embd", "d_model", "n_embed"}, 1, kMostHidden},
          own(traits.hidden)));
  HEADROOM_TRY(
      text.vocab,
      figure_or_default(
          config, {"vocabulary", {"vocab_size", "n_vocab", "padded_vocab_size"}, 1, kMostVocab},
          own(traits.vocab)));
  HEADROOM_TRY(text.tied_embeddings, config.boolean_or("tie_word_embeddings", traits.tied));
  text.norm_bias = traits.norm_bias;
  return {};
}

Result<Attention> read_heads(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  const auto own = [&](std::int64_t value) { return class_default(reading, traits, value); };
  Attention attention;
  HEADROOM_TRY(
      attention.heads,
      one_or_list(reading,
                  {"query heads",
                   {"num_attention_heads", "n_head", "n_heads", "num_attention_heads_per_layer"},
                   1,
                   kMostHeads},
                  own(traits.heads), reading.heads));
  // A config without the key has as many as query heads, unless its class has another default.
  const std::int64_t absent = own(traits.kv_heads) > 0 ? own(traits.kv_heads) : attention.heads;
  HEADROOM_TRY(attention.kv_heads,
               one_or_list(reading,
                           {"KV heads",
                            {"n_head_kv", "num_kv_heads", "num_key_value_heads", "n_kv_heads",
                             "multi_query_group_num", "num_attention_groups",
                             "num_key_value_heads_per_layer"},
                            1,
                            attention.heads},
                           absent, reading.kv_heads));
  HEADROOM_CHECK(check_heads(config, attention.heads, attention.kv_heads));
  if (!traits.latent) HEADROOM_CHECK(read_head_dim(reading, traits, attention));
  attention.qk_norm = traits.qk_norm;
  return attention;
}

Result<std::int64_t> read_width(Reading& reading, const Traits& traits) {
  const Figure width{"MLP width",
                     {"intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim"},
                     1,
                     kMostMlpWidth};
  const std::int64_t absent = traits.width_in_hidden > 0
                                  ? traits.width_in_hidden * reading.model.text.hidden
                                  : class_default(reading, traits, traits.width);
  if (traits.width_optional && !reading.config.find(width.keys)) return absent;
  return one_or_list(reading, width, absent, reading.widths);
}

Status read_biases(const Reading& reading, const Traits& traits, LayerKind& kind) {
  const ConfigSections& config = reading.config;
  if (Attention* attention = kind.attention()) {
    HEADROOM_TRY(const bool all, flag(config, false, traits.attention_bias_key));
    HEADROOM_TRY(attention->qkv_bias, flag(config, traits.qkv_bias || all, traits.qkv_bias_key));
    HEADROOM_TRY(attention->output_bias,
                 flag(config, traits.output_bias || all, traits.output_bias_key));
  }
  if (Mlp* mlp = std::get_if<Mlp>(&kind.mlp)) {
    HEADROOM_TRY(mlp->bias, flag(config, traits.mlp_bias, traits.mlp_bias_key));
  }
  return {};
}

Result<LayerKind> read_base(Reading& reading, const Traits& traits) {
  HEADROOM_CHECK(read_sizes(reading, traits));
  HEADROOM_TRY(const Attention attention, read_heads(reading, traits));
  HEADROOM_TRY(const std::int64_t width, read_width(reading, traits));
  LayerKind kind;
  kind.mixer = attention;
  kind.mlp = Mlp{traits.mlp, width, false};
  kind.norms = traits.norms;
  HEADROOM_CHECK(read_biases(reading, traits, kind));
  return kind;
}

Result<std::int64_t> read_state_bytes(const ConfigSections& config) {
  constexpr std::string_view kKeys[] = {"mamba_ssm_cache_dtype", "mamba_ssm_dtype"};
  HEADROOM_TRY(const std::string dtype, config.string_or(kKeys, ""));
  return dtype == "float32" ? 4 : 2;
}

Status add_layer(Reading& reading, LayerKind kind) {
  TextArch& text = reading.text();
  HEADROOM_CHECK(apply_lists(reading, text.kind_of_layer.size(), kind));
  // Layers mostly repeat one of the last kinds.
  const auto at = std::find(text.kinds.begin(), text.kinds.end(), kind);
  if (at != text.kinds.end()) {
    text.kind_of_layer.push_back(static_cast<std::uint8_t>(at - text.kinds.begin()));
    return {};
  }
  if (text.kinds.size() == kMostKinds) {
    return fail(fmt::format("layer {} is of one more kind than the {} that a model may have",
                            text.kind_of_layer.size(), kMostKinds),
                reading.config.place());
  }
  text.kind_of_layer.push_back(static_cast<std::uint8_t>(text.kinds.size()));
  text.kinds.push_back(std::move(kind));
  return {};
}

Status read_uniform(Reading& reading, const Traits& traits) {
  HEADROOM_TRY(const LayerKind base, read_base(reading, traits));
  HEADROOM_TRY(const auto reaches, read_reaches(reading, traits));
  for (const Reach& reach : reaches) {
    LayerKind kind = base;
    set_reach(kind, reach);
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  return {};
}

}  // namespace headroom
