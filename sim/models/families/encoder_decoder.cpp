// Encoder-decoder models: the decoder with its cross-attention, and the encoder beside it.

#include "sim/models/families/family.hpp"
#include "sim/models/limits.hpp"

#include <fmt/format.h>

#include <utility>

namespace headroom {
namespace {

constexpr std::int64_t kMostBins = 4'096;

void add_cross_attention(LayerKind& kind, std::int64_t hidden, std::int64_t inner) {
  for (const char* name : {"encoder_attn.q_proj", "encoder_attn.k_proj", "encoder_attn.v_proj"}) {
    kind.extra.push_back({name, inner, hidden, Split::columns, 1, 1, true});
  }
  kind.extra.push_back({"encoder_attn.out_proj", hidden, inner, Split::rows, 1, 1, true});
  ++kind.norms;
}

void note_cross_attention(const Reading& reading) {
  reading.assume("keys and values of the cross-attention are left out of the memory of a sequence");
}

// --- Whisper: no bias on keys ---

void add_whisper_biases(LayerKind& kind, const std::string& attention, std::int64_t hidden) {
  kind.extra.push_back({attention + ".q_proj.bias", hidden, 1, Split::columns});
  kind.extra.push_back({attention + ".v_proj.bias", hidden, 1, Split::columns});
  kind.extra.push_back({attention + ".out_proj.bias", hidden});
}

Result<VisionArch> read_whisper_encoder(const Reading& reading) {
  const ConfigSections& config = reading.config;
  VisionArch arch;
  arch.hidden = reading.model.text.hidden;
  HEADROOM_TRY(arch.layers, config.integer({"encoder layers", {"encoder_layers"}, 1, kMostLayers}));
  HEADROOM_TRY(arch.heads,
               config.integer({"encoder heads", {"encoder_attention_heads"}, 1, kMostHeads}));
  HEADROOM_TRY(arch.mlp_width,
               config.integer({"encoder MLP width", {"encoder_ffn_dim"}, 1, kMostHidden}));
  HEADROOM_TRY(const std::int64_t bins,
               config.integer({"bins of a spectrum", {"num_mel_bins"}, 1, kMostBins}));
  HEADROOM_TRY(const std::int64_t positions,
               config.integer_or({"audio positions", {"max_source_positions"}, 1, 1 << 20}, 1500));
  const std::int64_t h = arch.hidden;
  const std::int64_t layer = 4 * h * h + 3 * h + 2 * h * arch.mlp_width + arch.mlp_width + h +
                             4 * h;  // attention, MLP, two norms
  const std::int64_t convolutions = 3 * bins * h + h + 3 * h * h + h;
  arch.parameters = arch.layers * layer + convolutions + positions * h + 2 * h;
  return arch;
}

Status read_whisper(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  TextArch& text = reading.text();
  text.norm_bias = true;
  HEADROOM_TRY(text.hidden, config.integer({"hidden size", {"d_model"}, 1, kMostHidden}));
  HEADROOM_TRY(text.vocab, config.integer({"vocabulary", {"vocab_size"}, 1, kMostVocab}));
  HEADROOM_TRY(text.tied_embeddings, config.boolean_or("tie_word_embeddings", traits.tied));
  HEADROOM_TRY(reading.layers,
               config.integer({"decoder layers", {"decoder_layers"}, 1, kMostLayers}));
  HEADROOM_TRY(
      text.learned_positions,
      config.integer_or({"text positions", {"max_target_positions"}, 1, kMostPositions}, 448));
  Attention attention;
  HEADROOM_TRY(attention.heads,
               config.integer({"query heads", {"decoder_attention_heads"}, 1, kMostHeads}));
  attention.kv_heads = attention.heads;
  if (text.hidden % attention.heads != 0) {
    return config.refuse("decoder_attention_heads", fmt::format("{} is no multiple", text.hidden));
  }
  attention.head_dim = text.hidden / attention.heads;
  LayerKind kind;
  kind.mixer = attention;
  HEADROOM_TRY(const std::int64_t width,
               config.integer({"MLP width", {"decoder_ffn_dim"}, 1, kMostMlpWidth}));
  kind.mlp = Mlp{MlpKind::plain, width, true};
  add_cross_attention(kind, text.hidden, text.hidden);
  add_whisper_biases(kind, "self_attn", text.hidden);
  add_whisper_biases(kind, "encoder_attn", text.hidden);
  for (std::int64_t i = 0; i < reading.layers; ++i) HEADROOM_CHECK(add_layer(reading, kind));
  HEADROOM_TRY(VisionArch encoder, read_whisper_encoder(reading));
  reading.model.encoders.push_back({"audio", encoder});
  note_cross_attention(reading);
  return {};
}

// --- T5 ---

struct T5Shape {
  std::int64_t inner = 0;    // of attention
  std::int64_t width = 0;    // of the MLP
  std::int64_t buckets = 0;  // of relative positions, learned in the first layer of each stack
  bool gated = false;
};

Result<T5Shape> read_t5_shape(const ConfigSections& config, const Attention& attention) {
  T5Shape shape;
  shape.inner = attention.heads * attention.head_dim;
  if (shape.inner > kMostAttentionWidth) {
    return fail(fmt::format("{} heads of size {} are {} wide (allowed: at most {})",
                            attention.heads, attention.head_dim, shape.inner, kMostAttentionWidth),
                config.place());
  }
  HEADROOM_TRY(shape.width, config.integer({"MLP width", {"d_ff"}, 1, kMostMlpWidth}));
  HEADROOM_TRY(
      shape.buckets,
      config.integer_or(
          {"buckets of relative positions", {"relative_attention_num_buckets"}, 1, kMostState},
          32));
  constexpr std::string_view kKeys[] = {"feed_forward_proj"};
  HEADROOM_TRY(const std::string projection, config.string_or(kKeys, "relu"));
  shape.gated = projection.starts_with("gated");
  return shape;
}

VisionArch t5_encoder(const T5Shape& shape, std::int64_t layers, std::int64_t heads,
                      std::int64_t hidden) {
  VisionArch arch{layers, hidden, heads, shape.width, 0};
  const std::int64_t layer =
      4 * hidden * shape.inner + (shape.gated ? 3 : 2) * hidden * shape.width + 2 * hidden;
  arch.parameters = layers * layer + shape.buckets * heads + hidden;
  return arch;
}

Status read_t5(Reading& reading, const Traits& traits) {
  const ConfigSections& config = reading.config;
  TextArch& text = reading.text();
  HEADROOM_TRY(text.hidden, config.integer({"hidden size", {"d_model"}, 1, kMostHidden}));
  HEADROOM_TRY(text.vocab, config.integer({"vocabulary", {"vocab_size"}, 1, kMostVocab}));
  HEADROOM_TRY(text.tied_embeddings, config.boolean_or("tie_word_embeddings", traits.tied));
  HEADROOM_TRY(const std::int64_t encoder_layers,
               config.integer({"encoder layers", {"num_layers"}, 1, kMostLayers}));
  HEADROOM_TRY(reading.layers,
               config.integer_or({"decoder layers", {"num_decoder_layers"}, 1, kMostLayers},
                                 encoder_layers));
  Attention attention;
  HEADROOM_TRY(attention.heads, config.integer({"query heads", {"num_heads"}, 1, kMostHeads}));
  HEADROOM_TRY(attention.head_dim, config.integer({"head size", {"d_kv"}, 1, kMostHeadDim}));
  attention.kv_heads = attention.heads;
  HEADROOM_TRY(const T5Shape shape, read_t5_shape(config, attention));
  LayerKind kind;
  kind.mixer = attention;
  kind.mlp = Mlp{shape.gated ? MlpKind::gated : MlpKind::plain, shape.width, false};
  add_cross_attention(kind, text.hidden, shape.inner);
  for (std::int64_t i = 0; i < reading.layers; ++i) {
    LayerKind layer = kind;
    if (i == 0) {
      layer.extra.push_back(
          {"self_attn.relative_attention_bias", attention.heads, shape.buckets, Split::columns});
    }
    HEADROOM_CHECK(add_layer(reading, std::move(layer)));
  }
  reading.model.encoders.push_back(
      {"text", t5_encoder(shape, encoder_layers, attention.heads, text.hidden)});
  note_cross_attention(reading);
  return {};
}

Traits tied() {
  Traits t;
  t.tied = true;
  return t;
}

}  // namespace

Families encoder_decoder_families() {
  return {
      {"whisper", "WhisperForConditionalGeneration", tied(), read_whisper, true, false},
      {"t5", "T5ForConditionalGeneration", tied(), read_t5, true, false},
  };
}

}  // namespace headroom
