#pragma once
// What headroom knows of a model: the shape of its transformer, as its config.json gives it.
//
// Everything else follows from it: parameter counts, bytes per shard, which tensor parallel sizes
// an engine accepts. No figure is ever silently unknown: a reader that cannot find one returns an
// error that names the keys it tried.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// Layout of a decoder layer's MLP.
enum class MlpKind {
  gated,  // three matrices of hidden x width (gate, up, down)
  plain,  // two
};

/// The text decoder: one uniform stack of dense layers (experts, MLA and state-space layers are not
/// read yet: the reader says so).
struct TextArch {
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;     // query heads, H
  std::int64_t kv_heads = 0;  // K
  std::int64_t head_dim = 0;  // never derived when the config gives it
  std::int64_t mlp_width = 0;
  std::int64_t vocab = 0;
  MlpKind mlp = MlpKind::gated;
  bool tied_embeddings = false;
  bool qkv_bias = false;
  bool attention_output_bias = false;
  bool mlp_bias = false;
  bool qk_norm = false;                // one vector of head_dim each for q and k, in every layer
  bool qk_norm_per_head = false;       // one such vector for every head of q and k (Command R+)
  std::int64_t norms_per_layer = 2;    // vectors of `hidden` in every layer
  bool norm_bias = false;              // LayerNorm with bias instead of RMSNorm
  std::int64_t final_norms = 1;        // vectors of `hidden` after the last layer
  std::int64_t learned_positions = 0;  // rows of a learned position table (GPT-2), else 0
  /// Sliding-window attention: window in tokens, 0 = none.
  std::int64_t sliding_window = 0;
  /// Every `sliding_pattern`-th layer is full, the others slide (6 for gemma-3). 1 = all layers are
  /// full; 0 = all slide.
  std::int64_t sliding_pattern = 1;

  /// Whether layer `index` (0-based) attends to the whole context.
  [[nodiscard]] bool is_full_attention(std::int64_t index) const;
};

/// The vision tower and its projector, where there are.
struct VisionArch {
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t mlp_width = 0;
  std::int64_t parameters = 0;  // tower and projector, exact
};

struct Model {
  std::string name;          // short, as the catalogue and mixes call it: "gemma-3-27b-it"
  std::string hub_id;        // "google/gemma-3-27b-it"
  std::string architecture;  // "Gemma3ForConditionalGeneration"
  std::string model_type;    // "gemma3"
  TextArch text;
  std::optional<VisionArch> vision;
  std::int64_t dtype_bytes = 2;  // bytes per weight element: 2 for bf16 and fp16
  std::string dtype = "bfloat16";
  std::string heads_section;      // section of config.json that names the heads; "" = its root
  bool supports_pipeline = true;  // vLLM's class implements pipeline stages
  std::string source;             // where the figures come from, or "recalled"
};

/// Parameters of one decoder layer, of the embedding table, of everything. Exact sums over the
/// tensors that the config implies; the vocabulary is not padded.
[[nodiscard]] std::int64_t layer_parameters(const TextArch& text);
[[nodiscard]] std::int64_t embedding_parameters(const TextArch& text);
[[nodiscard]] std::int64_t total_parameters(const Model& model);
/// Bytes of the checkpoint's weights: total_parameters x dtype_bytes.
[[nodiscard]] Bytes weight_bytes(const Model& model);

/// Reads a Hugging Face config.json. Nested sections `text_config` and `llm_config` are looked
/// through; figures that a config class defaults (gemma-3's vocabulary and window pattern) are
/// filled in by model type. Error: unreadable file, broken JSON (line and column), a figure that is
/// missing (the keys tried), absurd (the range allowed), or an architecture not supported yet.
[[nodiscard]] Result<Model> read_model_config(const std::filesystem::path& file);
/// As above, from text; `where` names it in errors.
[[nodiscard]] Result<Model> parse_model_config(std::string_view json, const std::string& where);

/// The built-in catalogue, in its own order.
[[nodiscard]] std::span<const Model> model_catalogue();
/// By short name or hub id; error names the nearest.
[[nodiscard]] Result<std::shared_ptr<const Model>> find_model(std::string_view name);

}  // namespace headroom
