#include "sim/engine/stage_budget.hpp"

#include "sim/engine/vllm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace headroom {
namespace {

constexpr Bytes kSaturated = std::numeric_limits<Bytes>::max() / 4;
// Where a config does not name its longest context.
constexpr std::int64_t kAnyContext = std::int64_t{1} << 40;

/// Column of a table for 1, 2, 4 and 8 ranks: the next lower one.
std::size_t column_of(int ranks) { return ranks >= 8 ? 3 : ranks >= 4 ? 2 : ranks >= 2 ? 1 : 0; }

/// What is left of a stage's cache after one sequence. A saturated need fits nothing.
Bytes slack(const StageMemory& stage) {
  return std::min(stage.kv_available, kSaturated - 1) - stage.kv_per_sequence;
}

std::int64_t longest_context(const StageMemory& stage, const SequenceCost& cost,
                             std::int64_t limit) {
  const Bytes left = stage.kv_available - cost.once;
  if (left < 0) return 0;
  return cost.per_token == 0 ? limit : std::min(limit, left / cost.per_token);
}

}  // namespace

SequenceCost sequence_cost(const std::vector<CacheGroup>& groups) {
  SequenceCost cost;
  for (const CacheGroup& group : groups) {
    if (group.cache.beside) {
      cost.once += group.layers * group.cache.window * group.cache.bytes_per_token;
      continue;
    }
    cost.per_token += group.layers * group.cache.bytes_per_token;
    cost.once += group.layers * group.cache.bytes_per_sequence;
  }
  return cost;
}

Bytes sequence_bytes(const SequenceCost& cost, std::int64_t context) {
  const Bytes room = kSaturated - cost.once;
  if (cost.per_token > 0 && context > room / cost.per_token) return kSaturated;
  return cost.once + cost.per_token * context;
}

WorkingMemory working_memory(const Model& model, ParallelPlan plan, const ServingLimits& limits,
                             const MemoryOverheads& overheads) {
  return {vllm::activation_bytes(model, plan.tp, limits.batched_tokens, overheads),
          overheads.nccl[column_of(plan.tp * plan.dp)], overheads.runtime};
}

StageMemory stage_memory(std::int64_t layers, const StageWeights& weights,
                         const WorkingMemory& working, const SequenceCost& cost,
                         std::int64_t context) {
  StageMemory stage;
  stage.layers = layers;
  stage.weights = weights.total;
  stage.replicated_weights = weights.replicated;
  stage.activations = working.activations;
  stage.communication = working.communication;
  stage.runtime = working.runtime;
  stage.kv_per_sequence = sequence_bytes(cost, context);
  stage.kv_per_token = cost.per_token;
  return stage;
}

void judge_stages(EngineVerdict& verdict, const std::vector<SequenceCost>& costs,
                  const Model& model) {
  verdict.longest_context = model.longest_context > 0 ? model.longest_context : kAnyContext;
  verdict.full_sequences = std::numeric_limits<std::int64_t>::max();
  std::size_t worst = 0;
  for (std::size_t s = 0; s < verdict.stages.size(); ++s) {
    const StageMemory& stage = verdict.stages[s];
    if (slack(stage) < slack(verdict.stages[worst])) worst = s;
    verdict.longest_context = longest_context(stage, costs[s], verdict.longest_context);
    if (stage.kv_per_sequence == 0) continue;
    verdict.full_sequences = std::min(
        verdict.full_sequences, std::max<Bytes>(0, stage.kv_available) / stage.kv_per_sequence);
  }
  verdict.worst_stage = static_cast<int>(worst);
}

std::string stage_words(const EngineVerdict& verdict, std::size_t stage) {
  if (verdict.stages.size() == 1) return "each GPU";
  return fmt::format("each GPU of pipeline stage {} of {}", stage + 1, verdict.stages.size());
}

void refuse_without_cache(EngineVerdict& verdict, std::string_view rule,
                          const std::string& budget) {
  const auto emptiest = std::min_element(
      verdict.stages.begin(), verdict.stages.end(),
      [](const StageMemory& a, const StageMemory& b) { return a.kv_available < b.kv_available; });
  if (emptiest->kv_available > 0) return;
  const auto stage = static_cast<std::size_t>(emptiest - verdict.stages.begin());
  verdict.accepted = false;
  verdict.refusal =
      Refusal{std::string(rule),
              fmt::format("{} has no memory left for a KV cache: weights of {} exceed {} by {}",
                          stage_words(verdict, stage), bytes_text(emptiest->weights), budget,
                          bytes_text(-emptiest->kv_available)),
              Refusal::Phase::memory};
}

std::string budget_words(const WorkingMemory& working, Bytes total) {
  return fmt::format("what activations of {}, communication of {} and runtime of {} leave of {}",
                     bytes_text(working.activations), bytes_text(working.communication),
                     bytes_text(working.runtime), bytes_text(total));
}

bool full_sequence_fits(const EngineVerdict& verdict) {
  return slack(verdict.stages[static_cast<std::size_t>(verdict.worst_stage)]) >= 0;
}

std::string short_cache_words(const EngineVerdict& verdict, std::int64_t context) {
  const auto worst = static_cast<std::size_t>(verdict.worst_stage);
  const StageMemory& stage = verdict.stages[worst];
  return fmt::format(
      "one sequence of {} tokens needs {} of KV cache on {}, which has {} ({} short)", context,
      bytes_text(stage.kv_per_sequence), stage_words(verdict, worst),
      bytes_text(stage.kv_available), bytes_text(-slack(stage)));
}

}  // namespace headroom
