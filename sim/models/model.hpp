#pragma once
// What headroom knows of a model: the shape of its transformer, as its config.json gives it.
//
// Everything else follows from it: parameter counts, bytes per shard, which tensor parallel sizes
// an engine accepts. No figure is ever silently unknown: a reader that cannot find one returns an
// error that names the keys it tried.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "sim/models/layer.hpp"
#include "sim/models/quantization.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// The text decoder: a stack of layers of a few kinds between an embedding table and an LM head.
struct TextArch {
  std::int64_t hidden = 0;  // h
  std::int64_t vocab = 0;
  bool tied_embeddings = false;
  bool norm_bias = false;              // LayerNorm with bias instead of RMSNorm
  std::int64_t final_norms = 1;        // vectors of `hidden` after the last layer
  std::int64_t learned_positions = 0;  // rows of a learned position table (GPT-2), else 0
  std::vector<LayerKind> kinds;
  std::vector<std::uint8_t> kind_of_layer;  // index into kinds
  std::int64_t embedding_norms = 0;         // vectors of `hidden` after the embedding table (BLOOM)
  bool head_bias = false;                   // of the LM head (Phi)
  std::int64_t head_extra = 0;              // further values after the last layer (DeepSeek-V4)

  [[nodiscard]] std::int64_t layers() const {
    return static_cast<std::int64_t>(kind_of_layer.size());
  }
  [[nodiscard]] const LayerKind& layer(std::int64_t index) const {
    return kinds[kind_of_layer[static_cast<std::size_t>(index)]];
  }
  /// The attention of the first layer that has one, whose figures the config's main keys give; null
  /// for a model without attention.
  [[nodiscard]] const Attention* main_attention() const;
  [[nodiscard]] std::int64_t heads() const;     // of main_attention(), else 0
  [[nodiscard]] std::int64_t kv_heads() const;  // likewise, as the config says
  /// Likewise; under latent attention the values cached per token.
  [[nodiscard]] std::int64_t head_dim() const;
  /// Whether any layer has routed experts.
  [[nodiscard]] bool has_experts() const;
};

/// Figures of a decoder whose layers are all alike.
struct DenseShape {
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t mlp_width = 0;
  std::int64_t vocab = 0;
};
[[nodiscard]] TextArch dense_decoder(const DenseShape& shape);

/// An encoder beside the text decoder, with its projector: the vision tower, mostly.
struct VisionArch {
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t mlp_width = 0;
  std::int64_t parameters = 0;  // tower and projector, exact
  bool data_parallel = false;   // vLLM's class can run it whole on every rank
  /// Where the heads do not divide, its attention is copied to all ranks (InternViT).
  bool replicates_odd_heads = false;
};

/// Another encoder: of audio, or the first half of an encoder-decoder model.
struct Encoder {
  std::string kind;  // "audio", "text"
  VisionArch shape;
};

struct Model {
  std::string name;          // short, as the catalogue and mixes call it: "gemma-3-27b-it"
  std::string hub_id;        // "google/gemma-3-27b-it"
  std::string architecture;  // "Gemma3ForConditionalGeneration"
  std::string model_type;    // "gemma3"
  TextArch text;
  std::optional<VisionArch> vision;
  std::vector<Encoder> encoders;  // others than the vision tower
  std::int64_t dtype_bytes = 2;   // bytes per weight element: 2 for bf16 and fp16
  std::string dtype = "bfloat16";
  Quantization quantization;  // of the matrices that are stored in fewer bits
  /// Of the routed experts, where it is another one than `quantization`.
  std::optional<Quantization> expert_quantization;
  std::string kv_cache_scheme;       // "fp8" where the checkpoint asks for it, else ""
  std::int64_t longest_context = 0;  // max_position_embeddings; 0 = the config does not say
  std::string heads_section;         // section of config.json that names the heads; "" = its root
  bool supports_pipeline = true;     // vLLM's class implements pipeline stages
  std::string source;                // where the figures come from, or "recalled"
  /// What the reader took for granted because the config does not say it; a sentence each.
  std::vector<std::string> assumptions;
};

/// Parameters of one layer, of the embedding table, of everything. Exact sums over the tensors that
/// the config implies, without draft layers and quantization scales; the vocabulary is not padded.
[[nodiscard]] std::int64_t layer_parameters(const TextArch& text, const LayerKind& kind);
[[nodiscard]] std::int64_t embedding_parameters(const TextArch& text);
[[nodiscard]] std::int64_t total_parameters(const Model& model);
/// How tensors of this kind are stored where they are quantized at all.
[[nodiscard]] const Quantization& quantization_of(const Model& model, const Tensor& tensor);
/// Whether the checkpoint stores this tensor quantized.
[[nodiscard]] bool is_quantized(const Model& model, const LayerKind& kind, const Tensor& tensor);
/// Bytes of `elements`-shaped tensor `tensor` of a layer of this kind, as the checkpoint stores it.
[[nodiscard]] Bytes tensor_bytes(const Model& model, const LayerKind& kind, const Tensor& tensor);
/// Bytes of the checkpoint's weights, quantization scales included.
[[nodiscard]] Bytes weight_bytes(const Model& model);

/// How its weights are quantized, the routed experts named where they differ: "FP8, blocks of
/// 128 x 128; experts MXFP4". "" when nothing is.
[[nodiscard]] std::string describe_quantization(const Model& model);

/// Reads a Hugging Face config.json: the text model's section is looked for under its usual names,
/// and figures that a config class defaults (gemma-3's vocabulary) are filled in by model type.
/// What is read, and from which keys: docs/models.md. Error: unreadable file, broken JSON (line and
/// column), a figure that is missing (the keys tried) or absurd (the range allowed), or something
/// that is not read. A quantized checkpoint may say so in a second file: `hf_quant_config.json`
/// beside `config.json`, `NAME--hf_quant_config.json` beside `NAME.json`.
[[nodiscard]] Result<Model> read_model_config(const std::filesystem::path& file);
/// As above, from text; `where` names it in errors.
[[nodiscard]] Result<Model> parse_model_config(std::string_view json, const std::string& where);

/// As above, with the text of an hf_quant_config.json.
[[nodiscard]] Result<Model> parse_model_config(std::string_view json, std::string_view quantization,
                                               const std::string& where);

/// The built-in catalogue, in its own order. Read on first use.
[[nodiscard]] std::span<const Model> model_catalogue();
/// By short name or hub id; error names the nearest.
[[nodiscard]] Result<std::shared_ptr<const Model>> find_model(std::string_view name);

}  // namespace headroom
