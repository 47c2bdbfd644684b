#pragma once
// A config.json while the reader of its family reads it, and the pieces that readers share.

#include "sim/models/config_section.hpp"
#include "sim/models/model.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// What the code of a family decides without asking its config, and the defaults of its
/// configuration class. The figures are those of the Hugging Face classes of that name (recalled;
/// exact parameter counts of published models are the check).
struct Traits {
  MlpKind mlp = MlpKind::gated;
  std::int64_t norms = 2;  // of each layer
  bool norm_bias = false;
  bool tied = false;
  bool qkv_bias = false;
  bool output_bias = false;
  bool mlp_bias = false;
  Attention::QkNorm qk_norm = Attention::QkNorm::none;
  // Keys of flags that add to the above.
  std::string_view attention_bias_key;  // q, k, v and the output
  std::string_view qkv_bias_key;
  std::string_view output_bias_key;
  std::string_view mlp_bias_key;

  /// How the class reads `sliding_window`, where no `layer_types` list decides.
  enum class Window { none, always, switched } window = Window::none;  // switched: by another key
  std::int64_t window_default = 0;  // when the key is missing (not when it is null)
  /// Every `pattern`-th layer is full, the others slide. 1 = all are full; 0 = all slide.
  std::int64_t pattern = 0;

  // Class defaults of figures that published files leave out; 0 = none.
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t width = 0;
  std::int64_t vocab = 0;
  std::int64_t context = 0;
  /// All but the last hold only inside a multimodal config that is known to leave figures out: a
  /// file of the model itself names them.
  bool defaults_when_nested = false;
  std::int64_t width_in_hidden = 0;  // the MLP width defaults to this many hidden sizes
  bool width_optional = false;       // there may be no dense layer
  bool latent = false;               // heads are read by read_latent
};

/// The model and where its figures are.
struct Reading {
  const ConfigSections& config;  // the text model's section, what holds it, the top level
  const nlohmann::json& document;
  Model& model;
  /// Inside a multimodal config that leaves class defaults out.
  bool nested = false;
  std::int64_t layers = 0;
  // Where the config gives lists: a figure for every layer.
  std::vector<std::int64_t> heads = {};
  std::vector<std::int64_t> kv_heads = {};
  std::vector<std::int64_t> widths = {};

  [[nodiscard]] TextArch& text() const { return model.text; }
  /// Notes what is taken for granted.
  void assume(std::string sentence) const { model.assumptions.push_back(std::move(sentence)); }
};

/// Sizes, heads and biases: sets them in the model and gives the layer as far as all are alike.
[[nodiscard]] Result<LayerKind> read_base(Reading& reading, const Traits& traits);
/// The parts of the above, for families that have only some of them.
[[nodiscard]] Status read_sizes(Reading& reading, const Traits& traits);
[[nodiscard]] Status read_biases(const Reading& reading, const Traits& traits, LayerKind& kind);
[[nodiscard]] Result<Attention> read_heads(Reading& reading, const Traits& traits);
[[nodiscard]] Result<std::int64_t> read_width(Reading& reading, const Traits& traits);

/// Bytes of an element of a recurrent state while serving: the model's own two, unless a key says
/// float32.
[[nodiscard]] Result<std::int64_t> read_state_bytes(const ConfigSections& config);

/// Appends a layer. Error: more kinds than a model may have.
[[nodiscard]] Status add_layer(Reading& reading, LayerKind kind);

/// How far a layer looks back.
struct Reach {
  Attention::Reach reach = Attention::Reach::full;
  std::int64_t window = 0;
};
/// Of every layer, from `layer_types`, a pattern, or the family's rule.
[[nodiscard]] Result<std::vector<Reach>> read_reaches(const Reading& reading, const Traits& traits);
void set_reach(LayerKind& kind, const Reach& reach);

/// A decoder of which only the reach of attention, and lists of heads and widths, differ.
[[nodiscard]] Status read_uniform(Reading& reading, const Traits& traits);

}  // namespace headroom
