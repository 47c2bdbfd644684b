#pragma once
// What layers keep of the tokens of a sequence.

#include "sim/engine/engine.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <vector>

namespace headroom {

/// What one layer caches on one tensor parallel rank.
struct LayerCache {
  Attention::Reach reach = Attention::Reach::full;
  std::int64_t window = 0;       // tokens, unless the reach is full
  Bytes bytes_per_token = 0;     // of attention; 0 for state-space layers
  Bytes bytes_per_sequence = 0;  // the state of state-space layers
  std::int64_t ratio = 1;        // tokens that one cached entry stands for
  bool beside = false;           // of the last tokens, beside a compressed cache of all

  friend bool operator==(const LayerCache&, const LayerCache&) = default;
};

/// Layers of one pipeline stage that cache alike.
struct CacheGroup {
  LayerCache cache;
  std::int64_t layers = 0;
};

/// KV heads that one rank holds: 1 under latent attention, whatever the number of ranks.
[[nodiscard]] std::int64_t kv_heads_per_rank(const Attention& attention, int tp);

/// Whether engines keep the cache of this model in fp8 where nothing else is asked for, and vLLM in
/// nothing else: DeepSeek-V4.
[[nodiscard]] bool has_fp8_cache_alone(const Model& model);
/// The type that is kept where `asked` is asked for: the model's own is fp8 where its checkpoint
/// says so, or its class knows no other.
[[nodiscard]] KvCacheType effective_cache_type(const Model& model, KvCacheType asked);

/// How an fp8 cache keeps the latent of attention with a sparse indexer.
enum class SparseLatent {
  plain,   // a byte per value
  packed,  // values without positions in bytes, a 4-byte scale for 128 of them, the rest in 16 bits
};

/// The cache of all tokens; nothing for a layer without a mixer. Formulas: docs/engines.md.
[[nodiscard]] LayerCache layer_cache(const LayerKind& kind, int tp, std::int64_t dtype_bytes,
                                     KvCacheType type, SparseLatent latent = SparseLatent::plain);

/// What a layer with a compressed cache keeps of the last tokens as they are.
[[nodiscard]] LayerCache window_cache(const Attention& attention, int tp, std::int64_t dtype_bytes,
                                      KvCacheType type, SparseLatent latent);

/// The groups of the layers [first, first + layers), in order of first appearance; layers that
/// cache nothing are left out.
[[nodiscard]] std::vector<CacheGroup> cache_groups(const Model& model, std::int64_t first,
                                                   std::int64_t layers, int tp, KvCacheType type,
                                                   SparseLatent latent = SparseLatent::plain);

}  // namespace headroom
