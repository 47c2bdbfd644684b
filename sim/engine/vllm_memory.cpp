#include "sim/core/assert.hpp"
#include "sim/engine/vllm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace headroom::vllm {
namespace {

constexpr std::int64_t kBlockTokens = 16;
// Sums of a few of these stay inside int64.
constexpr Bytes kSaturated = std::numeric_limits<Bytes>::max() / 4;

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

/// Elements of one decoder layer on each rank.
std::int64_t layer_elements(const TextArch& text, int tp) {
  const std::int64_t query = text.heads / tp * text.head_dim;
  const std::int64_t key_value = 2 * kv_heads_per_rank(text, tp) * text.head_dim;
  const std::int64_t width = text.mlp_width / tp;
  const std::int64_t inward = text.mlp == MlpKind::gated ? 2 : 1;

  std::int64_t sum = text.hidden * (2 * query + key_value) + (inward + 1) * text.hidden * width;
  if (text.qkv_bias) sum += query + key_value;
  if (text.qk_norm_per_head) sum += query + key_value / 2;
  if (text.mlp_bias) sum += inward * width;
  // Every rank holds norms and the biases of row-parallel matrices whole.
  if (text.qk_norm) sum += 2 * text.head_dim;
  if (text.attention_output_bias) sum += text.hidden;
  if (text.mlp_bias) sum += text.hidden;
  return sum + text.norms_per_layer * text.hidden * (text.norm_bias ? 2 : 1);
}

StageSpan span_of(const TextArch& text, std::int64_t first, std::int64_t layers) {
  StageSpan span;
  for (std::int64_t i = first; i < first + layers; ++i) {
    ++(text.is_full_attention(i) ? span.full : span.sliding);
  }
  return span;
}

std::vector<StageSpan> spans_of(const TextArch& text, const std::vector<std::int64_t>& layers) {
  std::vector<StageSpan> spans;
  std::int64_t first = 0;
  for (const std::int64_t count : layers) {
    spans.push_back(span_of(text, first, count));
    first += count;
  }
  return spans;
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

Bytes stage_weight_bytes(const Model& model, ParallelPlan plan, int stage, std::int64_t layers) {
  const TextArch& text = model.text;
  const bool first = stage == 0;
  const bool last = stage == plan.pp - 1;
  const std::int64_t table = padded_vocab(text.vocab) / plan.tp * text.hidden;
  std::int64_t elements = layers * layer_elements(text, plan.tp);
  if (first) {
    elements += table + text.learned_positions * text.hidden;
    if (model.vision) elements += divide_up(model.vision->parameters, plan.tp);
  }
  if (last) {
    elements += text.final_norms * text.hidden * (text.norm_bias ? 2 : 1);
    // The LM head is the embedding table itself only where both are on the same GPU.
    if (!text.tied_embeddings || !first) elements += table;
  }
  return elements * model.dtype_bytes;
}

Bytes activation_bytes(const Model& model, int tp, std::int64_t batched_tokens,
                       const MemoryOverheads& overheads) {
  const double width = static_cast<double>(model.text.heads * model.text.head_dim);
  const double bytes = 2.0 * static_cast<double>(batched_tokens) * width *
                       overheads.activation_factor[table_index(tp)];
  const Bytes rounded = bytes < static_cast<double>(kSaturated) ? std::llround(bytes) : kSaturated;
  return std::max(rounded, overheads.activation_floor);
}

// v1/kv_cache_interface.py for the blocks, v1/core/kv_cache_utils.py for the groups.
Bytes kv_bytes_per_sequence(const Model& model, StageSpan span, int tp, std::int64_t context,
                            std::int64_t batched_tokens, bool hybrid_kv_cache) {
  const TextArch& text = model.text;
  const std::int64_t page =
      2 * kBlockTokens * kv_heads_per_rank(text, tp) * text.head_dim * model.dtype_bytes;
  const std::int64_t full_blocks = divide_up(context, kBlockTokens);
  if (!hybrid_kv_cache) {
    span.full += span.sliding;
    span.sliding = 0;
  }
  const std::int64_t live = std::min(plus(text.sliding_window - 1, batched_tokens), context);
  const std::int64_t window_blocks = divide_up(std::max<std::int64_t>(live, 0), kBlockTokens) + 1;
  if (span.sliding == 0) return times(times(span.full, page), full_blocks);
  if (span.full == 0) return times(times(span.sliding, page), window_blocks);

  // Layers of both types share one pool of blocks: groups of equal size, the last padded.
  const std::int64_t smaller = std::min(span.full, span.sliding);
  const std::int64_t larger = std::max(span.full, span.sliding);
  const std::int64_t group = 2 * larger < 3 * smaller ? larger : smaller;
  const std::int64_t blocks = plus(times(divide_up(span.full, group), full_blocks),
                                   times(divide_up(span.sliding, group), window_blocks));
  return times(times(group, page), blocks);
}

namespace {

/// The longest context, below the one asked for, of which one sequence fits every stage; 0 if none.
std::int64_t longest_context(const Model& model, ParallelPlan plan,
                             const std::vector<StageSpan>& spans, const EngineVerdict& verdict,
                             const ServingLimits& limits, bool hybrid_kv_cache) {
  const auto fits = [&](std::int64_t context) {
    for (std::size_t s = 0; s < spans.size(); ++s) {
      const Bytes need = kv_bytes_per_sequence(model, spans[s], plan.tp, context,
                                               limits.batched_tokens, hybrid_kv_cache);
      if (need == kSaturated || need > verdict.stages[s].kv_available) return false;
    }
    return true;
  };
  std::int64_t low = 0;
  std::int64_t high = limits.context;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

/// Finds the worst stage and refuses when it has no cache or one too small for a sequence.
void judge(EngineVerdict& verdict, const Model& model, ParallelPlan plan,
           const std::vector<StageSpan>& spans, const ServingLimits& limits, bool hybrid_kv_cache) {
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
  const std::int64_t longest =
      longest_context(model, plan, spans, verdict, limits, hybrid_kv_cache);
  if (longest > 0) sentence += fmt::format("; the longest context that fits is {}", longest);
  refuse(verdict, kMaxLength, std::move(sentence));
}

}  // namespace

EngineVerdict Rules::check(const Model& model, ParallelPlan plan, Bytes gpu_total,
                           const ServingLimits& limits) const {
  EngineVerdict verdict = check_shape(model, plan);
  if (!verdict.accepted) return verdict;
  HEADROOM_ASSERT(limits.context >= 1 && limits.batched_tokens >= 1,
                  fmt::format("context {} and batched tokens {}: each is at least 1",
                              limits.context, limits.batched_tokens));
  const std::vector<std::int64_t> layers = stage_layers(model.text.layers, plan.pp);
  const std::vector<StageSpan> spans = spans_of(model.text, layers);
  const Bytes budget = requested_bytes(gpu_total, limits.utilisation_ppm);
  const Bytes activations = activation_bytes(model, plan.tp, limits.batched_tokens, overheads_);
  for (std::size_t s = 0; s < layers.size(); ++s) {
    StageMemory stage;
    stage.layers = layers[s];
    stage.weights = stage_weight_bytes(model, plan, static_cast<int>(s), layers[s]);
    stage.activations = activations;
    stage.communication = overheads_.nccl[table_index(plan.tp)];
    stage.runtime = overheads_.runtime;
    stage.kv_available =
        budget - stage.weights - stage.activations - stage.communication - stage.runtime;
    stage.kv_per_sequence =
        kv_bytes_per_sequence(model, spans[s], plan.tp, limits.context, limits.batched_tokens,
                              overheads_.hybrid_kv_cache);
    verdict.stages.push_back(stage);
  }
  judge(verdict, model, plan, spans, limits, overheads_.hybrid_kv_cache);
  return verdict;
}

}  // namespace headroom::vllm
