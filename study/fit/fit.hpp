#pragma once
// `headroom fit`: what a person wants to know before deploying a model. Questions and answers are
// data; text and JSON are made from the same answer.
//
// Nothing here knows a rule of an engine: what starts is asked of EngineRules, what has room of the
// plan space, what a policy would do of the policy.

#include "sim/cluster/spec.hpp"
#include "sim/core/result.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/engine/engine.hpp"
#include "sim/models/model.hpp"
#include "sim/policy/placer.hpp"
#include "study/cost/cost_choice.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headroom {

/// GPUs to place on, and how the person named them.
struct FitGpus {
  ClusterSpec cluster;
  std::string words;  // "3 x RTX-3090"
};

struct FitQuestion {
  std::shared_ptr<const Model> model;
  std::shared_ptr<const FitGpus> gpus;  // null: shape rules alone
  std::string engine = "vllm";
  MemoryOverheads overheads;
  CostChoice cost;
  ServingLimits limits;
  std::vector<int> allowed_tp;  // ascending; empty = any
  std::optional<int> max_tp;    // of the plans; the list of shapes goes to kShapeTp without it
  int max_pp = 16;              // at least 1
  int max_dp = 16;              // of models with routed experts
  std::vector<std::string> policies;  // empty: all that place deployments
};

/// Shortens the context to the model's own longest, where that is known: for questions that name
/// none.
inline void use_own_context(FitQuestion& question) {
  const std::int64_t own = question.model->longest_context;
  if (own > 0) question.limits.context = std::min(question.limits.context, own);
}

/// Tensor parallel sizes that the list of shapes goes up to, unless asked otherwise.
inline constexpr int kShapeTp = 16;

/// Tensor parallel sizes by the engine's shape rules alone.
struct FitShapes {
  struct Refused {
    int size = 0;
    std::string rule;
    std::string reason;
  };
  std::vector<int> accepted;
  std::vector<Refused> refused;
  std::vector<Remark> remarks;
};

/// One way to lay the model out on GPUs of one type, and what the engine says to it.
struct FitPlan {
  GpuTypeId gpu{};
  ParallelPlan plan;
  EngineVerdict verdict;
  std::int64_t utilisation_ppm = 0;  // asked for, or the engine's own choice
  bool room = true;                  // whether the cluster has it free, with nothing placed
  int nodes = 1;                     // that it takes there
  GroupLinks links;                  // that its GPUs have there
  // Of accepted plans.
  std::int64_t load_sequences = 0;  // at once, of the fixed load's length: as many as it holds
  std::int64_t tokens_per_s = 0;    // with these, in thousandths
  std::string speed_source;         // where that comes from: "roofline: estimate"
  std::int64_t worth = 0;           // per GPU and price unit

  [[nodiscard]] bool starts() const { return verdict.accepted && room; }
  /// Sequences of the full context at once, of all replicas together; the largest number there is:
  /// not limited by memory.
  [[nodiscard]] std::int64_t full_sequences() const {
    const std::int64_t each = verdict.full_sequences;
    return each > std::numeric_limits<std::int64_t>::max() / plan.dp ? each : each * plan.dp;
  }
  /// Whether memory was counted: the rules before it accepted.
  [[nodiscard]] bool counted() const { return !verdict.stages.empty(); }
  /// The fullest stage. Precondition: counted().
  [[nodiscard]] const StageMemory& worst() const {
    return verdict.stages[static_cast<std::size_t>(verdict.worst_stage)];
  }
};

/// What one policy would do.
struct FitChoice {
  std::string policy;
  std::optional<FitPlan> plan;  // nullopt: it places nothing
  std::string reason;           // the policy's own, a short code where it places nothing
  std::vector<PassedOver> passed_over;
};

/// A change that was tried and asked of the engine, with the plan that starts then.
struct FitChange {
  enum class Kind {
    context,
    kv_cache,
    step,
    utilisation,
    allowed_sizes,
    stages,
    vision,
    engine_release,
    checkpoint,
    free_memory,
    gpus_per_node,
    nodes,
    gpu_type,
  };
  std::vector<Kind> kinds;  // one, or several at once
  std::string what;         // "a context of 4,096 tokens"
  FitQuestion question;     // the changed one
  FitPlan plan;
  std::string command;  // empty where the checkpoint is another: its name is not known
};

struct FitAnswer {
  FitQuestion question;
  FitShapes shapes;
  std::vector<FitPlan> plans;  // by type, GPUs, stages; empty without GPUs
  std::optional<std::size_t> recommended;
  std::string command;      // of the recommended plan
  std::string preparation;  // what to do before, where it spans nodes; else empty
  /// Whether it would start with kLargeOverhead of runtime too; nullopt where the engine does not
  /// count what it needs beside its budget.
  std::optional<bool> starts_with_more;
  std::vector<FitChoice> choices;
  /// Where nothing starts, changes after which something does; else, where the recommended plan
  /// holds fewer full sequences than asked, changes after which one holds all.
  std::vector<FitChange> changes;
  std::int64_t wanted = 1;  // full sequences that each change holds
  std::string cost_model;   // "roofline", "fitted"

  [[nodiscard]] const FitPlan* best() const { return recommended ? &plans[*recommended] : nullptr; }
};

/// The larger of the two published guesses of what an engine needs beside weights, activations and
/// cache (docs/engines.md): a plan that starts with it is on the safe side.
inline constexpr Bytes kLargeOverhead = kGiB * 7 / 2;

/// Error: unknown engine or policy.
[[nodiscard]] Result<FitAnswer> answer_fit(const FitQuestion& question);

}  // namespace headroom
