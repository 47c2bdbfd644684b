#pragma once
// The serving engine: the ground truth of what starts.
//
// One pure function, EngineRules::check, answers for a deployment (model, parallel sizes, GPU
// type, limits) either "accepted" with the memory of every pipeline stage, or the id of the rule
// that refuses it and a sentence with the numbers. Placers that ask it, the simulated start-up, the
// plan space and `fit` all call this one function: there is no second copy of a rule.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "sim/engine/checkpoints.hpp"
#include "sim/hardware/gpu_type.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// Data type of the KV cache.
enum class KvCacheType {
  model,  // the model's own
  fp8,
};

/// What the person deploying asks of the engine.
struct ServingLimits {
  std::int64_t context = 8192;             // longest sequence, tokens
  std::int64_t sequences = 16;             // concurrent sequences
  std::int64_t batched_tokens = 2048;      // tokens in one engine step
  std::int64_t utilisation_ppm = 920'000;  // share of each GPU's memory, U, in millionths
  KvCacheType kv_cache = KvCacheType::model;
  bool encoder_data_parallel = false;  // every rank holds the whole vision tower
  /// Off where nobody asked for a U: an engine with a choice of its own makes it, others take
  /// `utilisation_ppm` (EngineRules::utilisation).
  bool utilisation_asked = true;

  friend bool operator==(const ServingLimits&, const ServingLimits&) = default;
};

/// ceil(total x U): what the engine takes of each GPU (vLLM v1/worker/utils.py request_memory).
[[nodiscard]] Bytes requested_bytes(Bytes total, std::int64_t utilisation_ppm);

/// Parallel sizes of one deployment. Every engine is described in these terms: `tp` ranks share the
/// attention of one replica, `dp` replicas of the attention share the experts of a stage (each with
/// a KV cache of its own), `pp` stages hold the layers. With `ep` the routed experts are spread
/// over the tp x dp ranks of a stage as whole experts, without it each is cut into as many slices.
/// `balanced`: layers go to stages so that every stage has memory for the cache, not as the engine
/// would deal them out; only for engines that balance_stages().
struct ParallelPlan {
  int tp = 1;
  int pp = 1;
  int dp = 1;
  bool ep = false;
  bool balanced = false;
  [[nodiscard]] int gpus() const { return tp * pp * dp; }
  /// Tensor parallel groups: none of them is ever cut over two nodes.
  [[nodiscard]] int groups() const { return pp * dp; }
  friend auto operator<=>(const ParallelPlan&, const ParallelPlan&) = default;
};

/// Memory of one GPU of one pipeline stage, in bytes: of the rank that holds most. What the budget
/// is divided into adds up, in every engine: accounted() == budget.
struct StageMemory {
  std::int64_t layers = 0;
  Bytes weights = 0;
  Bytes replicated_weights = 0;  // of these, what every rank of the stage holds whole
  Bytes activations = 0;
  Bytes communication = 0;    // NCCL buffers
  Bytes runtime = 0;          // contexts, graphs, allocator: the overhead constant
  Bytes cuda_graphs = 0;      // a reserve for graphs beside it, where the engine subtracts one
  Bytes budget = 0;           // of the GPU, what weights, working memory and cache share
  Bytes outside = 0;          // of the working memory, what the budget does not pay for
  Bytes kv_available = 0;     // what is left of the budget; may be negative
  Bytes kv_per_sequence = 0;  // one sequence of full context
  Bytes kv_per_token = 0;     // of the layers whose cache grows with every token

  [[nodiscard]] Bytes working() const {
    return activations + communication + runtime + cuda_graphs;
  }
  [[nodiscard]] Bytes accounted() const { return weights + working() - outside + kv_available; }
};

/// A refusal: `rule` is stable and documented ("vllm.heads"); `sentence` is ours, with the numbers.
struct Refusal {
  /// When the engine finds out, which decides how long the failed start takes.
  enum class Phase { configuration, model_build, memory };
  std::string rule;
  std::string sentence;
  Phase phase = Phase::configuration;
  /// The GPU cannot serve this model as asked for, whatever the plan.
  bool of_gpu = false;
};

/// Something that the verdict rests on and the reader should know.
struct Remark {
  enum class Kind {
    unknown,     // no source says what the engine does here: taken as allowed
    fallback,    // the engine changes what was asked and goes on
    unverified,  // allowed by the rules that were read, seldom or never run
  };
  Kind kind = Kind::unknown;
  std::string rule;  // stable id, as of refusals
  std::string sentence;
};

struct EngineVerdict {
  bool accepted = false;
  Refusal refusal;  // set when not accepted
  std::vector<Remark> remarks;
  std::vector<StageMemory> stages;  // set by check() when the shape rules passed; [pp]
  int worst_stage = 0;  // the one that holds fewest sequences; of those with none, lacks most
  // Set by check() when the shape rules passed. Of the stage that holds least, of one replica.
  std::int64_t longest_context = 0;  // tokens of one sequence that fit; at most the model's own
  std::int64_t full_sequences = 0;   // sequences of the full context that fit at once
};

/// Bytes that each GPU of the worst stage lacks for one sequence of full length; 0 where the
/// refusal is not about memory, and where there is none.
[[nodiscard]] Bytes short_per_gpu(const EngineVerdict& verdict);

/// "TP 2 x PP 3", "TP 1 x PP 2 x DP 4 with EP, layers balanced".
[[nodiscard]] std::string plan_text(ParallelPlan plan);

/// A deployment that is to be started.
struct Start {
  ParallelPlan plan;
  ServingLimits limits;
  std::int64_t full_sequences = 1;        // of the verdict: a cache of a fixed size is as large
  int nodes = 1;                          // that the plan spans
  std::vector<std::int64_t> layers = {};  // of each stage, for a balanced plan
};

/// How far accepted_plans() goes.
struct PlanSizes {
  int max_tp = 1;
  int max_pp = 1;
  int max_dp = 1;  // of models with routed experts, in powers of two; others have no use for it
  int max_gpus = 1 << 20;
};

/// Constants of the memory budget that were measured or guessed, not derived: docs/engines.md. A
/// scenario's [engine] table sets the runtime overhead, the activation floor and the KV cache
/// manager.
struct MemoryOverheads {
  Bytes runtime = 551'000'000;  // aiconfigurator's earlier constant; its later one is 3.5 GiB
  /// vLLM's own estimate for CUDA graphs, subtracted from v0.21 on. No figure is established: what
  /// graphs take is part of `runtime`.
  Bytes cuda_graphs = 0;
  /// Activation factor c for tp = 1, 2, 4, 8 in tokens x H x d x bytes x c (aiconfigurator): of
  /// Llama, and of models with routed experts.
  double activation_factor[4] = {11.0, 6.5, 5.0, 5.0};
  double activation_factor_experts[4] = {22.0, 13.0, 10.0, 10.0};
  Bytes activation_floor = 70 * kMiB;
  Bytes nccl[4] = {0, 342 * kMiB, 392 * kMiB, 392 * kMiB};  // tp = 1, 2, 4, 8
  /// Off charges sliding-window layers as full ones (hybrid KV cache manager disabled).
  bool hybrid_kv_cache = true;
};

class EngineRules {
 public:
  virtual ~EngineRules() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Shape rules alone: what the engine says before any memory is counted. Of the limits only
  /// encoder_data_parallel matters: a vision tower that is not cut has no sizes that must divide.
  [[nodiscard]] virtual EngineVerdict check_shape(const Model& model, ParallelPlan plan,
                                                  const ServingLimits& limits) const = 0;
  [[nodiscard]] EngineVerdict check_shape(const Model& model, ParallelPlan plan) const {
    return check_shape(model, plan, ServingLimits{});
  }
  /// Shape rules, then what the GPU can do, then memory. Preconditions: plan sizes, context and
  /// batched_tokens >= 1; utilisation within 0 and 1.
  [[nodiscard]] virtual EngineVerdict check(const Model& model, ParallelPlan plan,
                                            const GpuType& gpu,
                                            const ServingLimits& limits) const = 0;
  /// Whether it can be told how many layers each stage holds (ParallelPlan::balanced).
  [[nodiscard]] virtual bool balances_stages() const { return false; }
  /// U, in millionths: as asked for, else the engine's own choice for this GPU.
  [[nodiscard]] virtual std::int64_t utilisation(const Model& model, ParallelPlan plan,
                                                 const GpuType& gpu,
                                                 const ServingLimits& limits) const;
  /// The command that starts this deployment, as a shell takes it. On several nodes it may name
  /// variables, which preparation() explains.
  [[nodiscard]] virtual std::string command(const Model& model, const Start& start) const = 0;
  /// What the command takes for granted where the plan spans nodes, in sentences; "" on one node.
  [[nodiscard]] virtual std::string preparation(const Start& start) const;
  /// Checkpoints in fewer bits of a model that is not quantized, largest first; none of one that
  /// is.
  [[nodiscard]] virtual std::vector<Checkpoint> smaller_checkpoints(const Model& model) const;
  /// A rule that this engine can answer with.
  struct RuleInfo {
    std::string id;
    std::string description;  // one line: when it accepts
    std::string source;       // file and function it was read from
    Refusal::Phase phase = Refusal::Phase::configuration;
  };
  [[nodiscard]] virtual std::span<const RuleInfo> rules() const = 0;
  /// A remark that this engine can make.
  struct RemarkInfo {
    std::string id;
    std::string description;  // one line: when it is made
    std::string source;       // file and function it was read from, or "not established"
  };
  [[nodiscard]] virtual std::span<const RemarkInfo> remarks() const { return {}; }

  /// Tensor parallel sizes up to `max_tp` whose shapes are accepted at pp = 1.
  [[nodiscard]] std::vector<int> accepted_tp(const Model& model, int max_tp) const;
  /// TP x PP (x DP, with and without EP, for routed experts) whose shapes are accepted, ordered by
  /// (gpus, pp, dp, ep).
  [[nodiscard]] std::vector<ParallelPlan> accepted_plans(const Model& model, const PlanSizes& sizes,
                                                         const ServingLimits& limits = {}) const;
};

/// "vllm", or a release of it: "vllm@0.10". Error: names the engines, or the releases, there are.
[[nodiscard]] Result<std::unique_ptr<EngineRules>> make_engine(std::string_view name,
                                                               const MemoryOverheads& overheads);
[[nodiscard]] std::span<const std::string> engine_names();
/// The names, and those with a release.
[[nodiscard]] std::span<const std::string> engine_choices();

}  // namespace headroom
