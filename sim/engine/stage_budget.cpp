#include "sim/engine/stage_budget.hpp"

#include "sim/engine/saturating.hpp"
#include "sim/engine/shared_rules.hpp"
#include "sim/engine/vllm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

namespace headroom {
namespace {

/// What is left of a stage's cache after one sequence. A saturated need fits nothing.
Bytes slack(const StageMemory& stage) {
  return std::min(stage.kv_available, kSaturated - 1) - stage.kv_per_sequence;
}

/// "weights of 15.0 GiB are needed", or the working memory with them and the sum.
std::string needed_words(const StageMemory& stage) {
  if (stage.outside == stage.working()) {
    return fmt::format("weights of {} are needed", bytes_text(stage.weights));
  }
  return fmt::format(
      "weights of {}, activations of {}, communication of {} and runtime of {} are {}",
      bytes_text(stage.weights), bytes_text(stage.activations), bytes_text(stage.communication),
      bytes_text(stage.runtime + stage.cuda_graphs),
      bytes_text(stage.weights + stage.working() - stage.outside));
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
  return plus(cost.once, times(cost.per_token, context));
}

std::int64_t context_limit(const Model& model) {
  constexpr std::int64_t kAnyContext = std::int64_t{1} << 40;
  return model.longest_context > 0 ? model.longest_context : kAnyContext;
}

std::size_t overhead_column(int ranks) {
  return ranks >= 8 ? 3 : ranks >= 4 ? 2 : ranks >= 2 ? 1 : 0;
}

Bytes communication_bytes(int ranks, const MemoryOverheads& overheads) {
  return overheads.nccl[overhead_column(ranks)];
}

WorkingMemory working_memory(const Model& model, ParallelPlan plan, const ServingLimits& limits,
                             const MemoryOverheads& overheads) {
  return {vllm::activation_bytes(model, plan.tp, limits.batched_tokens, overheads),
          communication_bytes(plan.tp * plan.dp, overheads), overheads.runtime};
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

void fill_stages(EngineVerdict& verdict, const StageQuestion& question, const WeighStage& weigh,
                 const DivideMemory& divide) {
  const ServingLimits& limits = question.limits;
  std::vector<SequenceCost> costs;
  std::int64_t first = 0;
  for (const std::int64_t layers : question.layers) {
    const StageLayers held{static_cast<int>(costs.size()), question.plan.pp, first, layers};
    costs.push_back(sequence_cost(
        cache_groups(question.model, first, layers, question.plan.tp, limits.kv_cache)));
    StageMemory stage =
        stage_memory(layers, weigh(held), question.working, costs.back(), limits.context);
    divide(stage);
    verdict.stages.push_back(stage);
    first += layers;
  }
  judge_stages(verdict, costs, question.model);
}

namespace {

std::int64_t held_by(const StageMemory& stage) {
  if (stage.kv_per_sequence == 0 && stage.kv_available >= 0) {
    return std::numeric_limits<std::int64_t>::max();
  }
  return stage.kv_per_sequence == 0
             ? 0
             : std::max<Bytes>(0, stage.kv_available) / stage.kv_per_sequence;
}

}  // namespace

std::int64_t full_sequences(const EngineVerdict& verdict) {
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (const StageMemory& stage : verdict.stages) most = std::min(most, held_by(stage));
  return most;
}

int worst_stage(const EngineVerdict& verdict) {
  // A stage without a sequence decides by what it lacks; else the one that holds fewest.
  const auto key = [&](const StageMemory& stage) {
    const std::int64_t held = held_by(stage);
    return std::tuple(held, held == 0 ? slack(stage) : 0);
  };
  const auto worst =
      std::min_element(verdict.stages.begin(), verdict.stages.end(),
                       [&](const StageMemory& a, const StageMemory& b) { return key(a) < key(b); });
  return static_cast<int>(worst - verdict.stages.begin());
}

void judge_stages(EngineVerdict& verdict, const std::vector<SequenceCost>& costs,
                  const Model& model) {
  verdict.longest_context = context_limit(model);
  for (std::size_t s = 0; s < verdict.stages.size(); ++s) {
    verdict.longest_context = longest_context(verdict.stages[s], costs[s], verdict.longest_context);
  }
  verdict.full_sequences = full_sequences(verdict);
  verdict.worst_stage = worst_stage(verdict);
}

std::string stage_words(const EngineVerdict& verdict, std::size_t stage) {
  if (verdict.stages.size() == 1) return "each GPU";
  return fmt::format("each GPU of pipeline stage {} of {}", stage + 1, verdict.stages.size());
}

void refuse_without_cache(EngineVerdict& verdict, std::string_view rule, std::string_view budget) {
  const auto emptiest = std::min_element(
      verdict.stages.begin(), verdict.stages.end(),
      [](const StageMemory& a, const StageMemory& b) { return a.kv_available < b.kv_available; });
  if (emptiest->kv_available > 0) return;
  const auto stage = static_cast<std::size_t>(emptiest - verdict.stages.begin());
  verdict.accepted = false;
  verdict.refusal =
      Refusal{std::string(rule),
              fmt::format("{} has no memory left for a KV cache: {}, and {} is {} ({} short)",
                          stage_words(verdict, stage), needed_words(*emptiest), budget,
                          bytes_text(emptiest->budget), bytes_text(-emptiest->kv_available)),
              Refusal::Phase::memory};
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

void remark_short_cache(EngineVerdict& verdict, std::string_view rule, std::int64_t context) {
  if (!verdict.accepted || full_sequence_fits(verdict)) return;
  add_remarks(verdict, remarked(Remark::Kind::unknown, rule,
                                short_cache_words(verdict, context) +
                                    ": whether that is then refused was not established"));
}

}  // namespace headroom
