// Multi-head latent attention: DeepSeek-V2 and those that follow it.

#include "sim/models/experts.hpp"
#include "sim/models/families/family.hpp"
#include "sim/models/limits.hpp"

#include <fmt/format.h>

#include <utility>

namespace headroom {
namespace {

constexpr std::int64_t kIndexScaleBytes = 4;  // beside the fp8 key of a token

Result<Attention> read_latent(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  Traits own = traits;
  own.latent = true;
  HEADROOM_TRY(Attention attention, read_heads(reading, own));
  LatentAttention latent;
  HEADROOM_TRY(latent.query_rank,
               config.integer_or({"rank of queries", {"q_lora_rank"}, 0, kMostHidden}, 0));
  HEADROOM_TRY(latent.kv_rank,
               config.integer({"rank of keys and values", {"kv_lora_rank"}, 1, kMostHidden}));
  HEADROOM_TRY(latent.nope,
               config.integer(
                   {"head size without rotary positions", {"qk_nope_head_dim"}, 1, kMostHeadDim}));
  HEADROOM_TRY(
      latent.rope,
      config.integer({"head size with rotary positions", {"qk_rope_head_dim"}, 1, kMostHeadDim}));
  HEADROOM_TRY(latent.value,
               config.integer({"head size of values", {"v_head_dim"}, 1, kMostHeadDim}));
  attention.head_dim = latent.nope + latent.rope;
  attention.value_head_dim = latent.value;
  if (attention.heads * attention.head_dim > kMostAttentionWidth) {
    return fail(
        fmt::format("{} query heads of size {} are {} wide (allowed: at most {})", attention.heads,
                    attention.head_dim, attention.heads * attention.head_dim, kMostAttentionWidth),
        config.place());
  }
  attention.latent = latent;
  return attention;
}

struct IndexerShape {
  std::int64_t heads = 0;
  std::int64_t width = 0;
};

Result<IndexerShape> read_indexer(const Reading& reading) {
  IndexerShape shape;
  HEADROOM_TRY(shape.heads,
               reading.config.integer({"indexer heads", {"index_n_heads"}, 1, kMostHeads}));
  HEADROOM_TRY(shape.width,
               reading.config.integer({"indexer head size", {"index_head_dim"}, 1, kMostHeadDim}));
  return shape;
}

void add_matrix(LayerKind& kind, std::string name, std::int64_t out, std::int64_t in,
                bool quantizable = true) {
  kind.extra.push_back({std::move(name), out, in, Split::whole, 1, 1, quantizable});
}

/// The indexer of DeepSeek's sparse attention, which every rank holds whole.
void add_indexer(LayerKind& kind, const IndexerShape& shape, std::int64_t hidden) {
  Attention& attention = *kind.attention();
  const std::int64_t rank =
      attention.latent->query_rank > 0 ? attention.latent->query_rank : hidden;
  add_matrix(kind, "self_attn.indexer.wq_b", shape.heads * shape.width, rank);
  add_matrix(kind, "self_attn.indexer.wk", shape.width, hidden);
  add_matrix(kind, "self_attn.indexer.k_norm", 2 * shape.width, 1, false);
  add_matrix(kind, "self_attn.indexer.weights_proj", shape.heads, hidden, false);
  attention.indexer_cache = shape.width + kIndexScaleBytes;
}

Status read_deepseek(Reading& reading, const Traits& traits, bool correction) {
  Traits own = traits;
  own.width_optional = true;
  HEADROOM_CHECK(read_sizes(reading, own));
  LayerKind kind;
  HEADROOM_TRY(kind.mixer, read_latent(reading, own));
  HEADROOM_TRY(const std::int64_t width, read_width(reading, own));
  kind.mlp = Mlp{MlpKind::gated, width, false};
  if (reading.config.has("index_topk") || reading.config.has("index_n_heads")) {
    HEADROOM_TRY(const IndexerShape indexer, read_indexer(reading));
    add_indexer(kind, indexer, reading.text().hidden);
  }
  ExpertTraits experts;
  experts.router_bias = correction;
  experts.shared_count = true;
  HEADROOM_TRY(const Experts mixture, read_experts(reading, experts));
  return add_layers_with_experts(reading, kind, mixture,
                                 std::vector<Reach>(static_cast<std::size_t>(reading.layers)));
}

Status read_v2(Reading& reading, const Traits& traits) {
  return read_deepseek(reading, traits, false);
}

Status read_v3(Reading& reading, const Traits& traits) {
  return read_deepseek(reading, traits, true);
}

// --- DeepSeek-V4 ---

constexpr std::int64_t kIndexedRatio = 4;  // at which windows overlap, and an indexer picks

/// Pools `ratio` positions into one; overlapping windows double its channels.
void add_compressor(LayerKind& kind, const std::string& name, std::int64_t hidden,
                    std::int64_t width, std::int64_t ratio) {
  const std::int64_t channels = ratio == kIndexedRatio ? 2 * width : width;
  add_matrix(kind, name + "wkv", channels, hidden, false);
  add_matrix(kind, name + "wgate", channels, hidden, false);
  add_matrix(kind, name + "ape", ratio, channels, false);
  add_matrix(kind, name + "norm", width, 1, false);
}

void add_hyper_connection(LayerKind& kind, const std::string& name, std::int64_t streams,
                          std::int64_t hidden) {
  const std::int64_t mixes = (2 + streams) * streams;
  add_matrix(kind, name + "_fn", mixes, streams * hidden, false);
  add_matrix(kind, name + "_base, _scale", mixes + 3, 1, false);
}

Result<Attention> read_v4_attention(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  HEADROOM_TRY(Attention attention, read_heads(reading, traits));
  LatentAttention latent;
  latent.direct = true;
  HEADROOM_TRY(latent.query_rank,
               config.integer({"rank of queries", {"q_lora_rank"}, 1, kMostHidden}));
  HEADROOM_TRY(
      latent.rope,
      config.integer(
          {"head size with rotary positions", {"qk_rope_head_dim"}, 1, attention.head_dim}));
  latent.nope = attention.head_dim - latent.rope;
  latent.kv_rank = latent.nope;
  latent.value = attention.head_dim;
  HEADROOM_TRY(latent.output_groups,
               config.integer({"groups of the output", {"o_groups"}, 1, attention.heads}));
  HEADROOM_TRY(latent.output_rank,
               config.integer({"rank of the output", {"o_lora_rank"}, 1, kMostHidden}));
  if (attention.heads % latent.output_groups != 0) {
    return config.refuse("o_groups", fmt::format("{} heads do not divide", attention.heads));
  }
  attention.latent = latent;
  attention.sinks = true;
  return attention;
}

/// Attention of one layer: a window of tokens, and where `ratio` is not 0 entries for `ratio`
/// tokens each of all that went before.
void set_compression(LayerKind& kind, std::int64_t ratio, std::int64_t window,
                     const IndexerShape& indexer, std::int64_t hidden) {
  Attention& attention = *kind.attention();
  attention.window = window;
  if (ratio == 0) {
    attention.reach = Attention::Reach::sliding;
    return;
  }
  attention.cache_ratio = ratio;
  add_compressor(kind, "self_attn.compressor.", hidden, attention.head_dim, ratio);
  if (ratio != kIndexedRatio) return;
  add_matrix(kind, "self_attn.indexer.wq_b", indexer.heads * indexer.width,
             attention.latent->query_rank);
  add_matrix(kind, "self_attn.indexer.weights_proj", indexer.heads, hidden, false);
  add_compressor(kind, "self_attn.indexer.compressor.", hidden, indexer.width, ratio);
  attention.indexer_cache = indexer.width + kIndexScaleBytes;
}

/// The first layers find their experts by token, in a table of integers that no one multiplies by.
Result<std::int64_t> read_hash_layers(const Reading& reading) {
  return reading.config.integer_or(
      {"layers with a table of experts", {"num_hash_layers"}, 0, kMostLayers}, 0);
}

Status read_v4(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  HEADROOM_CHECK(read_sizes(reading, traits));
  TextArch& text = reading.text();
  LayerKind base;
  HEADROOM_TRY(base.mixer, read_v4_attention(reading, traits));
  HEADROOM_TRY(const IndexerShape indexer, read_indexer(reading));
  HEADROOM_TRY(const std::int64_t streams,
               config.integer({"streams between layers", {"hc_mult"}, 1, 64}));
  add_hyper_connection(base, "hc_attn", streams, text.hidden);
  add_hyper_connection(base, "hc_ffn", streams, text.hidden);
  HEADROOM_TRY(const std::int64_t window,
               config.integer({"sliding window", {"sliding_window"}, 1, kMostContext}));
  // The list may go on for the layers that draft.
  HEADROOM_TRY(const auto ratios,
               config.any_integers({"tokens in a cached entry", {"compress_ratios"}, 0, 65'536}));
  if (ratios.size() < static_cast<std::size_t>(reading.layers)) {
    return config.refuse("compress_ratios", "a figure for every layer is needed");
  }
  ExpertTraits traits_of_experts;
  traits_of_experts.shared_count = true;
  HEADROOM_TRY(Experts experts, read_experts(reading, traits_of_experts));
  HEADROOM_TRY(const std::int64_t hashed, read_hash_layers(reading));
  for (std::int64_t i = 0; i < reading.layers; ++i) {
    LayerKind kind = base;
    set_compression(kind, ratios[static_cast<std::size_t>(i)], window, indexer, text.hidden);
    experts.router_bias = i >= hashed;
    kind.mlp = experts;
    HEADROOM_CHECK(add_layer(reading, std::move(kind)));
  }
  text.head_extra = streams * streams * text.hidden + streams + 1;  // mixes the streams into one
  return {};
}

Family latent(std::string_view type, std::string_view architecture,
              Status (*read)(Reading&, const Traits&)) {
  return {type, architecture, {}, read, true};
}

}  // namespace

Families latent_families() {
  return {
      latent("deepseek_v2", "DeepseekV2ForCausalLM", read_v2),
      latent("deepseek_v3", "DeepseekV3ForCausalLM", read_v3),
      latent("deepseek_v32", "DeepseekV32ForCausalLM", read_v3),
      latent("kimi_k2", "DeepseekV3ForCausalLM", read_v3),
      latent("glm_moe_dsa", "GlmMoeDsaForCausalLM", read_v3),
      latent("glm4_moe_lite", "Glm4MoeLiteForCausalLM", read_v3),
      latent("deepseek_v4", "DeepseekV4ForCausalLM", read_v4),
  };
}

}  // namespace headroom
