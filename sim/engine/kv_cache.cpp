#include "sim/engine/kv_cache.hpp"

#include "sim/core/whole.hpp"

#include <algorithm>
#include <variant>

namespace headroom {
namespace {

struct CacheTypes {
  std::int64_t dtype_bytes = 2;
  KvCacheType type = KvCacheType::model;
  SparseLatent latent = SparseLatent::plain;
};

// v1/kv_cache_interface.py of vLLM, "fp8_ds_mla": 512 + 16 + 128 = 656 bytes for DeepSeek-V3.2.
Bytes packed_latent(const LatentAttention& latent) {
  constexpr std::int64_t kScaled = 128;
  return latent.kv_rank + divide_up(latent.kv_rank, kScaled) * 4 + latent.rope * 2;
}

// The same, 8 bits of scale for 64 values and one byte of padding: 584 bytes for DeepSeek-V4.
Bytes packed_direct(const LatentAttention& latent) {
  constexpr std::int64_t kScaled = 64;
  return latent.kv_rank + latent.rope * 2 + latent.kv_rank / kScaled + 1;
}

/// Bytes of one cached entry, without an indexer's.
Bytes entry_bytes(const Attention& a, int tp, const CacheTypes& types) {
  const bool fp8 = types.type == KvCacheType::fp8;
  if (a.latent && fp8 && types.latent == SparseLatent::packed) {
    if (a.latent->direct) return packed_direct(*a.latent);
    if (a.indexer_cache > 0) return packed_latent(*a.latent);
  }
  // The latent is one head, and every rank holds it.
  const std::int64_t values = a.latent ? a.latent->kv_rank + a.latent->rope
                                       : kv_heads_per_rank(a, tp) * (a.head_dim + a.value_dim());
  return values * (fp8 ? 1 : types.dtype_bytes);
}

LayerCache cache_of(const Attention& a, int tp, const CacheTypes& types) {
  LayerCache cache;
  cache.reach = a.reach;
  cache.window = a.window;
  cache.ratio = a.cache_ratio;
  const Bytes entry = entry_bytes(a, tp, types) + a.indexer_cache;
  cache.bytes_per_token = divide_up(entry, a.cache_ratio);
  return cache;
}

// State and convolution window: mamba_utils.py of vLLM.
LayerCache cache_of(const Mamba2& m, int tp, const CacheTypes& types) {
  const std::int64_t groups = m.groups % tp == 0 ? m.groups : tp;
  const std::int64_t window = m.heads * m.head_dim + 2 * groups * m.state;
  LayerCache cache;
  cache.bytes_per_sequence = window / tp * (m.conv_kernel - 1) * types.dtype_bytes +
                             m.heads / tp * m.head_dim * m.state * m.state_bytes;
  return cache;
}

LayerCache cache_of(const Mamba1& m, int tp, const CacheTypes& types) {
  LayerCache cache;
  cache.bytes_per_sequence =
      m.inner / tp * ((m.conv_kernel - 1) * types.dtype_bytes + m.state * m.state_bytes);
  return cache;
}

LayerCache cache_of(const GatedDelta& g, int tp, const CacheTypes& types) {
  const std::int64_t window = 2 * g.key_dim * g.key_heads + g.value_dim * g.value_heads;
  LayerCache cache;
  cache.bytes_per_sequence = window / tp * (g.conv_kernel - 1) * types.dtype_bytes +
                             g.value_heads / tp * g.value_dim * g.key_dim * g.state_bytes;
  return cache;
}

LayerCache cache_of(std::monostate, int, const CacheTypes&) { return {}; }

}  // namespace

std::int64_t kv_heads_per_rank(const Attention& attention, int tp) {
  return attention.latent ? 1 : std::max<std::int64_t>(1, attention.kv_heads / tp);
}

bool has_fp8_cache_alone(const Model& model) { return model.model_type == "deepseek_v4"; }

KvCacheType effective_cache_type(const Model& model, KvCacheType asked) {
  const bool own = model.kv_cache_scheme == "fp8" || has_fp8_cache_alone(model);
  return own ? KvCacheType::fp8 : asked;
}

LayerCache layer_cache(const LayerKind& kind, int tp, std::int64_t dtype_bytes, KvCacheType type,
                       SparseLatent latent) {
  const CacheTypes types{dtype_bytes, type, latent};
  return std::visit([&](const auto& mixer) { return cache_of(mixer, tp, types); }, kind.mixer);
}

LayerCache window_cache(const Attention& attention, int tp, std::int64_t dtype_bytes,
                        KvCacheType type, SparseLatent latent) {
  LayerCache cache;
  if (attention.cache_ratio == 1 || attention.window == 0) return cache;
  cache.reach = Attention::Reach::sliding;
  cache.window = attention.window;
  cache.bytes_per_token = entry_bytes(attention, tp, {dtype_bytes, type, latent});
  cache.beside = true;
  return cache;
}

std::vector<CacheGroup> cache_groups(const Model& model, std::int64_t first, std::int64_t layers,
                                     int tp, KvCacheType type, SparseLatent latent) {
  std::vector<CacheGroup> groups;
  const auto add = [&](const LayerCache& cache) {
    if (cache.bytes_per_token == 0 && cache.bytes_per_sequence == 0) return;
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const CacheGroup& g) { return g.cache == cache; });
    if (same == groups.end()) {
      groups.push_back({cache, 1});
    } else {
      ++same->layers;
    }
  };
  for (std::int64_t i = first; i < first + layers; ++i) {
    const LayerKind& kind = model.text.layer(i);
    add(layer_cache(kind, tp, model.dtype_bytes, type, latent));
    if (const Attention* attention = kind.attention()) {
      add(window_cache(*attention, tp, model.dtype_bytes, type, latent));
    }
  }
  return groups;
}

}  // namespace headroom
