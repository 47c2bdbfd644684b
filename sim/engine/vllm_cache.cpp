#include "sim/core/whole.hpp"
#include "sim/engine/saturating.hpp"
#include "sim/engine/vllm.hpp"

#include <algorithm>

namespace headroom::vllm {
namespace {

constexpr std::int64_t kBlockTokens = 16;  // the usual size; it depends on the attention backend

/// One kind of cached layer, in blocks of the pool that all kinds share.
struct PooledGroup {
  std::int64_t layers = 0;
  std::int64_t blocks = 0;  // of one sequence, for one layer
  Bytes page = 0;           // bytes of one block of one layer
};

/// Tokens that a layer must keep at once.
std::int64_t live_tokens(const LayerCache& cache, std::int64_t context,
                         std::int64_t batched_tokens) {
  switch (cache.reach) {
    case Attention::Reach::full:
      return context;
    case Attention::Reach::sliding:
      return std::max<std::int64_t>(0, std::min(plus(cache.window - 1, batched_tokens), context));
    case Attention::Reach::chunked:
      return std::min(plus(cache.window, batched_tokens), context);
  }
  return context;
}

// v1/kv_cache_interface.py: a window may begin inside a block, so it takes one more.
std::int64_t blocks_of(const LayerCache& cache, std::int64_t context, std::int64_t batched_tokens,
                       std::int64_t block_tokens) {
  if (cache.bytes_per_token == 0) return 1;  // a state
  return divide_up(live_tokens(cache, context, batched_tokens), block_tokens) +
         (cache.reach == Attention::Reach::sliding ? 1 : 0);
}

// A block holds as many entries, whatever number of tokens they stand for.
Bytes own_page(const LayerCache& cache, const CachePool& pool) {
  return cache.bytes_per_token > 0 ? pool.block_tokens * cache.ratio * cache.bytes_per_token
                                   : std::max(cache.bytes_per_sequence, pool.state_page);
}

Bytes largest_page(const std::vector<CacheGroup>& groups, const CachePool& pool) {
  Bytes page = 0;
  for (const CacheGroup& group : groups) page = std::max(page, own_page(group.cache, pool));
  return page;
}

/// The groups in blocks of one size. Layers with smaller pages take more tokens in a block, where
/// that comes out even; else their pages are padded.
std::vector<PooledGroup> pooled(const std::vector<CacheGroup>& groups, std::int64_t context,
                                std::int64_t batched_tokens, const CachePool& pool) {
  const Bytes page = largest_page(groups, pool);
  std::vector<PooledGroup> out;
  for (const CacheGroup& group : groups) {
    const Bytes own = own_page(group.cache, pool);
    const std::int64_t fit = page % own == 0 ? page / own : 1;
    out.push_back({group.layers,
                   blocks_of(group.cache, context, batched_tokens,
                             pool.block_tokens * group.cache.ratio * fit),
                   page});
  }
  return out;
}

bool has_state(const CacheGroup& group) { return group.cache.bytes_per_token == 0; }

/// Layers that look back alike need no common pool of groups.
bool same_type(const std::vector<CacheGroup>& groups) {
  return std::all_of(groups.begin(), groups.end(), [&](const CacheGroup& group) {
    return group.cache.reach == groups.front().cache.reach &&
           has_state(group) == has_state(groups.front());
  });
}

std::vector<CacheGroup> as_charged(std::vector<CacheGroup> groups, const CachePool& pool) {
  if (pool.hybrid) return groups;
  for (CacheGroup& group : groups) group.cache.reach = Attention::Reach::full;
  return groups;
}

}  // namespace

// platforms/interface.py _align_hybrid_block_size: blocks of attention grow until one is at least a
// state, and the state is padded to it.
CachePool cache_pool(const std::vector<CacheGroup>& groups, bool hybrid) {
  CachePool pool{kBlockTokens, 0, hybrid};
  Bytes state = 0;
  Bytes per_token = 0;
  for (const CacheGroup& group : groups) {
    state = std::max(state, group.cache.bytes_per_sequence);
    per_token = std::max(per_token, group.cache.bytes_per_token);
  }
  if (state == 0 || per_token == 0) return pool;
  pool.block_tokens =
      std::max<std::int64_t>(1, divide_up(state, kBlockTokens * per_token)) * kBlockTokens;
  pool.state_page = pool.block_tokens * per_token;
  return pool;
}

bool pages_are_even(const std::vector<CacheGroup>& all, const CachePool& pool) {
  const std::vector<CacheGroup> groups = as_charged(all, pool);
  if (same_type(groups)) return true;
  const Bytes page = largest_page(groups, pool);
  return std::all_of(groups.begin(), groups.end(), [&](const CacheGroup& group) {
    return page % own_page(group.cache, pool) == 0;
  });
}

// v1/core/kv_cache_utils.py: layers of several types share one pool, in groups of equal size of
// which the last is padded.
Bytes kv_bytes_per_sequence(const std::vector<CacheGroup>& all, std::int64_t context,
                            std::int64_t batched_tokens, const CachePool& pool) {
  const std::vector<CacheGroup> groups = as_charged(all, pool);
  if (same_type(groups)) {
    Bytes sum = 0;
    for (const CacheGroup& group : groups) {
      sum = plus(sum, times(times(group.layers, own_page(group.cache, pool)),
                            blocks_of(group.cache, context, batched_tokens, pool.block_tokens)));
    }
    return sum;
  }
  const std::vector<PooledGroup> pools = pooled(groups, context, batched_tokens, pool);
  std::int64_t smallest = pools.front().layers;
  std::int64_t largest = smallest;
  for (const PooledGroup& group : pools) {
    smallest = std::min(smallest, group.layers);
    largest = std::max(largest, group.layers);
  }
  const std::int64_t size = 2 * largest < 3 * smallest ? largest : smallest;
  std::int64_t blocks = 0;
  for (const PooledGroup& group : pools) {
    blocks = plus(blocks, times(divide_up(group.layers, size), group.blocks));
  }
  return times(times(size, pools.front().page), blocks);
}

}  // namespace headroom::vllm
