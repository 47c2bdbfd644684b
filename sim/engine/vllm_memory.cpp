#include "sim/core/assert.hpp"
#include "sim/engine/vllm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace headroom::vllm {
namespace {

constexpr std::int64_t kBlockTokens = 16;
constexpr std::int64_t kVocabPadding = 64;
// Sums of a few of these stay inside int64.
constexpr Bytes kSaturated = std::numeric_limits<Bytes>::max() / 4;
// Where a config does not name its longest context.
constexpr std::int64_t kAnyContext = std::int64_t{1} << 40;

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

/// a x b of non-negative numbers, at most kSaturated.
std::int64_t times(std::int64_t a, std::int64_t b) {
  return b != 0 && a > kSaturated / b ? kSaturated : a * b;
}

/// a + b of non-negative numbers, at most kSaturated.
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return a > kSaturated - b ? kSaturated : a + b;
}

/// Index of the next lower entry of a table for tp = 1, 2, 4, 8.
std::size_t table_index(int tp) { return tp >= 8 ? 3 : tp >= 4 ? 2 : tp >= 2 ? 1 : 0; }

std::vector<std::vector<CacheGroup>> stage_groups(const Model& model,
                                                  const std::vector<std::int64_t>& layers,
                                                  ParallelPlan plan, KvCacheType type) {
  std::vector<std::vector<CacheGroup>> out;
  std::int64_t first = 0;
  for (const std::int64_t count : layers) {
    out.push_back(cache_groups(model, first, count, plan.tp, type));
    first += count;
  }
  return out;
}

/// What is left of a stage's cache after one sequence. A saturated need fits nothing.
Bytes slack(const StageMemory& stage) {
  return std::min(stage.kv_available, kSaturated - 1) - stage.kv_per_sequence;
}

std::string stage_words(const EngineVerdict& verdict, std::size_t stage) {
  if (verdict.stages.size() == 1) return "each GPU";
  return fmt::format("each GPU of pipeline stage {} of {}", stage + 1, verdict.stages.size());
}

void refuse(EngineVerdict& verdict, std::string_view rule, std::string sentence) {
  verdict.accepted = false;
  verdict.refusal = Refusal{std::string(rule), std::move(sentence), Refusal::Phase::memory};
}

}  // namespace

ShardSizes shard_sizes(ParallelPlan plan) {
  const int ranks = plan.tp * plan.dp;
  return {plan.tp, plan.ep ? 1 : ranks, plan.ep ? ranks : 1, kVocabPadding};
}

Bytes activation_bytes(const Model& model, int tp, std::int64_t batched_tokens,
                       const MemoryOverheads& overheads) {
  const Attention* attention = model.text.main_attention();
  const double width = attention == nullptr
                           ? static_cast<double>(model.text.hidden)
                           : static_cast<double>(attention->heads * attention->value_dim());
  const double bytes = 2.0 * static_cast<double>(batched_tokens) * width *
                       overheads.activation_factor[table_index(tp)];
  const Bytes rounded = bytes < static_cast<double>(kSaturated) ? std::llround(bytes) : kSaturated;
  return std::max(rounded, overheads.activation_floor);
}

namespace {

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

/// Tokens in a block of attention, such that a block holds at least one state
/// (platforms/interface.py _align_hybrid_block_size).
std::int64_t block_tokens_for(const std::vector<CacheGroup>& groups) {
  Bytes state = 0;
  Bytes per_token = 0;
  for (const CacheGroup& group : groups) {
    state = std::max(state, group.cache.bytes_per_sequence);
    per_token = std::max(per_token, group.cache.bytes_per_token);
  }
  if (state == 0 || per_token == 0) return kBlockTokens;
  return std::max<std::int64_t>(1, divide_up(state, kBlockTokens * per_token)) * kBlockTokens;
}

/// The groups in blocks of one size. Layers with smaller pages take more tokens in a block, where
/// that comes out even; else their pages are padded.
std::vector<PooledGroup> pooled(const std::vector<CacheGroup>& groups, std::int64_t context,
                                std::int64_t batched_tokens) {
  const std::int64_t tokens = block_tokens_for(groups);
  Bytes page = 0;
  for (const CacheGroup& group : groups) {
    page = std::max({page, tokens * group.cache.bytes_per_token, group.cache.bytes_per_sequence});
  }
  std::vector<PooledGroup> out;
  for (const CacheGroup& group : groups) {
    const Bytes own = tokens * group.cache.bytes_per_token;
    const std::int64_t fit = own > 0 && page % own == 0 ? page / own : 1;
    out.push_back(
        {group.layers, blocks_of(group.cache, context, batched_tokens, tokens * fit), page});
  }
  return out;
}

}  // namespace

// v1/core/kv_cache_utils.py: layers of several types share one pool, in groups of equal size of
// which the last is padded.
Bytes kv_bytes_per_sequence(const std::vector<CacheGroup>& all, std::int64_t context,
                            std::int64_t batched_tokens, bool hybrid_kv_cache) {
  std::vector<CacheGroup> groups = all;
  if (!hybrid_kv_cache) {
    for (CacheGroup& group : groups) group.cache.reach = Attention::Reach::full;
  }
  Bytes alone = 0;  // if every type had a pool of its own, without padding
  bool same_type = true;
  for (const CacheGroup& group : groups) {
    const Bytes block = group.cache.bytes_per_token > 0 ? kBlockTokens * group.cache.bytes_per_token
                                                        : group.cache.bytes_per_sequence;
    alone = plus(alone, times(times(group.layers, block),
                              blocks_of(group.cache, context, batched_tokens, kBlockTokens)));
    same_type = same_type && group.cache.reach == groups.front().cache.reach &&
                (group.cache.bytes_per_token == 0) == (groups.front().cache.bytes_per_token == 0);
  }
  if (same_type) return alone;

  const std::vector<PooledGroup> pools = pooled(groups, context, batched_tokens);
  std::int64_t smallest = pools.front().layers;
  std::int64_t largest = smallest;
  for (const PooledGroup& pool : pools) {
    smallest = std::min(smallest, pool.layers);
    largest = std::max(largest, pool.layers);
  }
  const std::int64_t size = 2 * largest < 3 * smallest ? largest : smallest;
  std::int64_t blocks = 0;
  for (const PooledGroup& pool : pools) {
    blocks = plus(blocks, times(divide_up(pool.layers, size), pool.blocks));
  }
  return times(times(size, pools.front().page), blocks);
}

namespace {

/// The longest context of which one sequence fits every stage; 0 if none does.
std::int64_t longest_context(const EngineVerdict& verdict,
                             const std::vector<std::vector<CacheGroup>>& groups, std::int64_t limit,
                             std::int64_t batched_tokens, bool hybrid_kv_cache) {
  const auto fits = [&](std::int64_t context) {
    for (std::size_t s = 0; s < groups.size(); ++s) {
      const Bytes need = kv_bytes_per_sequence(groups[s], context, batched_tokens, hybrid_kv_cache);
      if (need == kSaturated || need > verdict.stages[s].kv_available) return false;
    }
    return true;
  };
  if (fits(limit)) return limit;
  std::int64_t low = 0;
  std::int64_t high = limit;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

/// Finds the worst stage and refuses when it has no cache or one too small for a sequence.
void judge(EngineVerdict& verdict, const ServingLimits& limits) {
  std::size_t worst = 0;
  std::size_t emptiest = 0;
  for (std::size_t s = 1; s < verdict.stages.size(); ++s) {
    if (slack(verdict.stages[s]) < slack(verdict.stages[worst])) worst = s;
    if (verdict.stages[s].kv_available < verdict.stages[emptiest].kv_available) emptiest = s;
  }
  verdict.worst_stage = static_cast<int>(worst);
  const StageMemory& empty = verdict.stages[emptiest];
  if (empty.kv_available <= 0) {
    refuse(verdict, kNoCacheMemory,
           fmt::format("{} has no memory left for a KV cache: weights {}, activations {}, "
                       "communication {} and runtime {} exceed the budget by {}",
                       stage_words(verdict, emptiest), bytes_text(empty.weights),
                       bytes_text(empty.activations), bytes_text(empty.communication),
                       bytes_text(empty.runtime), bytes_text(-empty.kv_available)));
    return;
  }
  const StageMemory& stage = verdict.stages[worst];
  if (slack(stage) >= 0) return;
  std::string sentence =
      fmt::format("one sequence of {} tokens needs {} of KV cache on {}, which has {} ({} short)",
                  limits.context, bytes_text(stage.kv_per_sequence), stage_words(verdict, worst),
                  bytes_text(stage.kv_available), bytes_text(-slack(stage)));
  if (verdict.longest_context > 0) {
    sentence += fmt::format("; the longest context that fits is {}", verdict.longest_context);
  }
  refuse(verdict, kMaxLength, std::move(sentence));
}

std::int64_t full_sequences(const EngineVerdict& verdict) {
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (const StageMemory& stage : verdict.stages) {
    if (stage.kv_per_sequence == 0) continue;
    most = std::min(most, std::max<Bytes>(0, stage.kv_available) / stage.kv_per_sequence);
  }
  return most;
}

}  // namespace

EngineVerdict Rules::check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                           const ServingLimits& limits) const {
  EngineVerdict verdict = check_shape(model, plan);
  if (!verdict.accepted) return verdict;
  HEADROOM_ASSERT(limits.context >= 1 && limits.batched_tokens >= 1,
                  fmt::format("context {} and batched tokens {}: each is at least 1",
                              limits.context, limits.batched_tokens));
  const std::vector<std::int64_t> layers = stage_layers(model.text.layers(), plan.pp);
  const auto groups = stage_groups(model, layers, plan, limits.kv_cache);
  const Bytes budget = requested_bytes(gpu.memory, limits.utilisation_ppm);
  const Bytes activations = activation_bytes(model, plan.tp, limits.batched_tokens, overheads_);
  std::int64_t first = 0;
  for (std::size_t s = 0; s < layers.size(); ++s) {
    const StageWeights weights =
        stage_weights(model, shard_sizes(plan), {static_cast<int>(s), plan.pp, first, layers[s]},
                      limits.encoder_data_parallel);
    StageMemory stage;
    stage.layers = layers[s];
    stage.weights = weights.total;
    stage.replicated_weights = weights.replicated;
    stage.activations = activations;
    stage.communication = overheads_.nccl[table_index(plan.tp)];
    stage.runtime = overheads_.runtime;
    stage.kv_available =
        budget - stage.weights - stage.activations - stage.communication - stage.runtime;
    stage.kv_per_sequence = kv_bytes_per_sequence(groups[s], limits.context, limits.batched_tokens,
                                                  overheads_.hybrid_kv_cache);
    for (const CacheGroup& group : groups[s]) {
      if (group.cache.reach == Attention::Reach::full) {
        stage.kv_per_token += group.layers * group.cache.bytes_per_token;
      }
    }
    verdict.stages.push_back(stage);
    first += layers[s];
  }
  const std::int64_t longest = model.longest_context > 0 ? model.longest_context : kAnyContext;
  verdict.longest_context =
      longest_context(verdict, groups, longest, limits.batched_tokens, overheads_.hybrid_kv_cache);
  verdict.full_sequences = full_sequences(verdict);
  judge(verdict, limits);
  return verdict;
}

}  // namespace headroom::vllm
