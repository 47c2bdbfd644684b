#pragma once
// The memory of pipeline stages, for engines whose cache takes every token of every layer.

#include "sim/engine/engine.hpp"
#include "sim/engine/kv_cache.hpp"
#include "sim/engine/stage_weights.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// What a sequence caches on one GPU: for each token, and once.
struct SequenceCost {
  Bytes per_token = 0;
  Bytes once = 0;
};

/// Of the layers of a stage. Sliding and chunked layers count as full ones: an upper bound. Windows
/// beside a compressed cache count once.
[[nodiscard]] SequenceCost sequence_cost(const std::vector<CacheGroup>& groups);
/// Saturates at a quarter of the int64 range.
[[nodiscard]] Bytes sequence_bytes(const SequenceCost& cost, std::int64_t context);

/// Tokens of the longest context that a model may be asked for: 2^40 where its config does not say.
[[nodiscard]] std::int64_t context_limit(const Model& model);

/// Column of the tables of MemoryOverheads (1, 2, 4 and 8 ranks): the next lower one.
[[nodiscard]] std::size_t overhead_column(int ranks);
/// NCCL buffers of a rank that sums or exchanges its results with a group of `ranks`.
[[nodiscard]] Bytes communication_bytes(int ranks, const MemoryOverheads& overheads);

/// What a GPU needs beside weights and cache. The constants are those of docs/engines.md.
struct WorkingMemory {
  Bytes activations = 0;
  Bytes communication = 0;
  Bytes runtime = 0;

  [[nodiscard]] Bytes sum() const { return activations + communication + runtime; }
};
[[nodiscard]] WorkingMemory working_memory(const Model& model, ParallelPlan plan,
                                           const ServingLimits& limits,
                                           const MemoryOverheads& overheads);

/// The stage with all but the budget and kv_available.
[[nodiscard]] StageMemory stage_memory(std::int64_t layers, const StageWeights& weights,
                                       const WorkingMemory& working, const SequenceCost& cost,
                                       std::int64_t context);

/// How an engine divides the memory of one GPU: sets the budget and kv_available of a stage that
/// has all else.
using DivideMemory = std::function<void(StageMemory&)>;
/// Weights of one rank of a stage.
using WeighStage = std::function<StageWeights(const StageLayers&)>;

/// What is asked of stages: `layers` of each, the type of cache already the engine's.
struct StageQuestion {
  const Model& model;
  ParallelPlan plan;
  const ServingLimits& limits;
  const WorkingMemory& working;
  std::span<const std::int64_t> layers;
};
/// Fills in the stages and judges them.
void fill_stages(EngineVerdict& verdict, const StageQuestion& question, const WeighStage& weigh,
                 const DivideMemory& divide);

/// The stage that holds fewest full sequences; of those that hold none, the one that lacks most.
[[nodiscard]] int worst_stage(const EngineVerdict& verdict);
/// Sequences of full length that every stage holds at once.
[[nodiscard]] std::int64_t full_sequences(const EngineVerdict& verdict);

/// Fills in the worst stage, the longest context and the full sequences. [pp] costs.
void judge_stages(EngineVerdict& verdict, const std::vector<SequenceCost>& costs,
                  const Model& model);

/// "each GPU", or "each GPU of pipeline stage 2 of 3".
[[nodiscard]] std::string stage_words(const EngineVerdict& verdict, std::size_t stage);

/// Refuses when a stage has nothing left for a cache, with what is needed and the budget, which
/// `budget` names: "what the engine may use".
void refuse_without_cache(EngineVerdict& verdict, std::string_view rule, std::string_view budget);

/// Whether a sequence of full length fits every stage.
[[nodiscard]] bool full_sequence_fits(const EngineVerdict& verdict);

/// "one sequence of 8192 tokens needs 2.00 GiB of KV cache on each GPU, which has 1.00 GiB".
[[nodiscard]] std::string short_cache_words(const EngineVerdict& verdict, std::int64_t context);
/// A remark where a sequence of full length does not fit, and whether that is refused is unknown.
void remark_short_cache(EngineVerdict& verdict, std::string_view rule, std::int64_t context);

}  // namespace headroom
