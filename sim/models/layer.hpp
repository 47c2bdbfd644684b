#pragma once
// What one decoder layer is made of. A model has few kinds of layer and names one for every layer.
//
// Notation of docs and papers: H query heads, K KV heads, d head size, h hidden size.

#include "sim/models/tensor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace headroom {

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): the cache holds one latent of
/// kv_rank + rope values per token, whatever the number of heads.
struct LatentAttention {
  std::int64_t query_rank = 0;  // q_lora_rank; 0 = queries are projected directly
  std::int64_t kv_rank = 0;     // kv_lora_rank
  std::int64_t nope = 0;        // query/key values per head without rotary positions
  std::int64_t rope = 0;        // with
  std::int64_t value = 0;       // values per head
  /// The latent is key and value of all heads itself, of kv_rank + rope values: nothing expands it
  /// (DeepSeek-V4).
  bool direct = false;
  std::int64_t output_groups = 0;  // of heads that share an output projection of low rank; 0 = none
  std::int64_t output_rank = 0;    // of each group
  friend bool operator==(const LatentAttention&, const LatentAttention&) = default;
};

/// Attention with a cache that grows with the tokens. With `latent` set, kv_heads is what the
/// config says and is not used: one latent stands for all heads.
struct Attention {
  /// What a token may look back to.
  enum class Reach {
    full,
    sliding,  // the last `window` tokens
    chunked,  // its own chunk of `window` tokens
  };
  /// Normalised queries and keys: one vector of d for all heads, or one for every head.
  enum class QkNorm { none, shared, each_head };

  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;        // of queries and keys; never derived when the config gives it
  std::int64_t value_head_dim = 0;  // 0 = head_dim
  Reach reach = Reach::full;
  std::int64_t window = 0;
  bool qkv_bias = false;
  bool output_bias = false;
  QkNorm qk_norm = QkNorm::none;
  bool output_gate = false;   // queries come with a gate of the same width
  bool sinks = false;         // one learned value per query head
  bool value_is_key = false;  // no value projection of its own
  std::optional<LatentAttention> latent;
  /// Bytes per token that a sparse-attention indexer caches beside, on every rank; 0 = none.
  std::int64_t indexer_cache = 0;
  std::int64_t cache_ratio = 1;  // tokens that one cached entry stands for (DeepSeek-V4)

  [[nodiscard]] std::int64_t value_dim() const {
    return value_head_dim > 0 ? value_head_dim : head_dim;
  }
  friend bool operator==(const Attention&, const Attention&) = default;
};

/// Mamba-2 mixer (arXiv:2405.21060): heads x head_dim inner width, state per head.
struct Mamba2 {
  std::int64_t heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t groups = 0;
  std::int64_t state = 0;
  std::int64_t conv_kernel = 0;
  bool conv_bias = true;
  bool projection_bias = false;
  std::int64_t state_bytes = 4;  // per element of the state while serving
  friend bool operator==(const Mamba2&, const Mamba2&) = default;
};

/// Mamba mixer (arXiv:2312.00752).
struct Mamba1 {
  std::int64_t inner = 0;
  std::int64_t state = 0;
  std::int64_t conv_kernel = 0;
  std::int64_t dt_rank = 0;
  bool conv_bias = true;
  bool projection_bias = false;
  bool inner_norms = false;      // Jamba normalises dt, B and C
  std::int64_t state_bytes = 4;  // per element of the state while serving
  friend bool operator==(const Mamba1&, const Mamba1&) = default;
};

/// Gated delta net (arXiv:2412.06464), as in Qwen3-Next.
struct GatedDelta {
  std::int64_t key_heads = 0;
  std::int64_t value_heads = 0;
  std::int64_t key_dim = 0;
  std::int64_t value_dim = 0;
  std::int64_t conv_kernel = 0;
  std::int64_t state_bytes = 4;  // per element of the state while serving
  friend bool operator==(const GatedDelta&, const GatedDelta&) = default;
};

/// Layout of an MLP.
enum class MlpKind {
  gated,  // three matrices of hidden x width (gate, up, down)
  plain,  // two
};

struct Mlp {
  MlpKind kind = MlpKind::gated;
  std::int64_t width = 0;
  bool bias = false;
  friend bool operator==(const Mlp&, const Mlp&) = default;
};

/// Mixture of experts.
struct Experts {
  MlpKind kind = MlpKind::gated;
  std::int64_t count = 0;         // routed experts, E
  std::int64_t active = 0;        // routed experts a token visits
  std::int64_t width = 0;         // of one routed expert
  std::int64_t shared_width = 0;  // of all shared experts together; 0 = none
  bool shared_gate = false;       // the shared expert's output is gated by one more vector
  bool bias = false;              // of the routed experts' matrices
  bool router_bias = false;       // of the router matrix, or a correction of its scores
  /// Width that the routed experts read and write, between two projections; 0 = hidden.
  std::int64_t latent = 0;
  friend bool operator==(const Experts&, const Experts&) = default;
};

/// One kind of decoder layer. Some models have layers with a mixer only, or an MLP only.
struct LayerKind {
  std::variant<std::monostate, Attention, Mamba2, Mamba1, GatedDelta> mixer;
  std::variant<std::monostate, Mlp, Experts> mlp;
  std::int64_t norms = 2;  // vectors of `hidden`
  /// Tensors that follow from none of the above.
  std::vector<Tensor> extra;
  /// Matrices that a quantized checkpoint keeps in the model's own data type, by tensor name.
  std::vector<std::string> kept;

  [[nodiscard]] const Attention* attention() const { return std::get_if<Attention>(&mixer); }
  [[nodiscard]] Attention* attention() { return std::get_if<Attention>(&mixer); }
  friend bool operator==(const LayerKind&, const LayerKind&) = default;
};

}  // namespace headroom
