#pragma once
// The plan space: every way a deployment may be laid out, the same for all policies and for the
// audit.
//
// A plan is one GPU type, tensor parallel size t and pipeline parallel size p, for models with
// routed experts also data parallel size d and expert parallelism, with each tensor parallel group
// inside one node and the groups on one node or several. A plan is valid when the engine accepts it
// on GPUs of that type, the request allows the type and t, and the cluster has nodes large enough
// for a group. Limits: t up to the largest node, p, d and their product as PlanLimits says (stated
// in docs/outcomes.md: beyond them no plan counts as free). Where a request allows degradations,
// its plans under each of them come after all plans as asked.

#include "sim/cluster/cluster.hpp"
#include "sim/cost/cost_model.hpp"
#include "sim/engine/engine.hpp"
#include "sim/plan/link_view.hpp"
#include "sim/plan/room.hpp"
#include "sim/plan/shape_table.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace headroom {

struct PlanLimits {
  int max_pp = 16;
  int max_gpus = 64;
  int max_dp = 16;  // in powers of two
};

struct RankedPlan {
  GpuTypeId gpu{};
  ParallelPlan plan;
  bool one_node = true;      // false: the same sizes, stages on several nodes
  LinkChoice over = {};      // the same sizes over other links are other plans
  std::int64_t worth = 0;    // milli-tokens/s per GPU and price unit
  std::int64_t per_gpu = 0;  // milli-tokens/s per GPU

  /// What room is looked for: groups of plan.tp devices.
  [[nodiscard]] ParallelPlan groups() const { return {plan.tp, plan.groups()}; }
};

/// The limits with no more sequences than the cache of a plan holds of the fixed load's length
/// (kLoadInputTokens and kLoadOutputTokens, or the context if that is less): what its speed is
/// asked with. At least one sequence. Precondition: the engine accepts the plan.
[[nodiscard]] ServingLimits limits_at_load(const EngineRules& engine, const Model& model,
                                           ParallelPlan plan, const GpuType& gpu,
                                           ServingLimits limits);

/// Whether another split of the layers is worth a try: the engine's own leaves some stage without a
/// cache, and the memory of all stages together would be enough.
[[nodiscard]] bool may_balance(const EngineRules& engine, ParallelPlan plan,
                               const EngineVerdict& verdict);

/// A placement that was found, in classes.
struct Layout {
  GpuTypeId gpu{};
  ParallelPlan plan;  // {1, 1} for opaque tasks
  std::vector<PlacementPart> parts;
  int degradation = 0;  // of those that the request allows, from 1; 0 = as asked
  /// Several nodes: those of the classes that meet lowest in the network, not the lowest ids.
  bool together = false;
  /// Share of each GPU that the policy has the engine started with, in millionths; nullopt: what
  /// the request asks for.
  std::optional<std::int64_t> utilisation_ppm = std::nullopt;

  /// What the engine is started with.
  [[nodiscard]] ServingLimits limits(const LlmDeployment& llm) const;
};

/// Belongs to one run: what it remembers goes by the ids of that run's ShapeTable.
class PlanSpace {
 public:
  PlanSpace(const ClusterSpec& cluster, const EngineRules& engine, const CostModel& cost,
            PlanLimits limits = {});

  /// Valid plans of an LLM shape as asked (its degraded shapes have their own), best first: worth
  /// descending, then one node before several, fewer GPUs, fewer stages, fewer replicas, lower type
  /// id, better links, experts cut before spread. Worked out once per GPU shape; the reference
  /// stays valid.
  [[nodiscard]] const std::vector<RankedPlan>& plans(const InternedShape& shape);

  /// Room for this plan right now, or nullopt.
  [[nodiscard]] static std::optional<Layout> find_room(RoomSearch& search, const RankedPlan& plan);

  /// Whether any valid plan (LLM), as asked or degraded, or any set of nodes (opaque) has room
  /// right now; the layout of the first found, best first.
  [[nodiscard]] std::optional<Layout> find_any_room(const Cluster& cluster,
                                                    const InternedShape& shape,
                                                    RoomSearch::Freed freed = std::nullopt);

  /// Best milli-tokens/s per GPU of any valid plan on this GPU type on the empty cluster; 0 if
  /// none.
  [[nodiscard]] std::int64_t best_per_gpu(const InternedShape& shape, GpuTypeId type);

  /// Whole GPUs that a request takes at least: as asked; of a deployment the fewest of any of its
  /// valid plans, degraded ones too, 0 without one; 0 for shares.
  [[nodiscard]] std::int64_t fewest_gpus(const InternedShape& shape);

  /// Milli-tokens/s per GPU of a layout that the engine accepts, over these links.
  [[nodiscard]] std::int64_t per_gpu(const InternedShape& shape, const Layout& layout,
                                     const GroupLinks& links);

  /// What links placements have, and could have.
  [[nodiscard]] const LinkView& links() const { return links_; }
  /// The cluster with nothing placed on it.
  [[nodiscard]] const Cluster& empty_cluster() const { return empty_; }
  [[nodiscard]] const PlanLimits& limits() const { return limits_; }
  [[nodiscard]] const EngineRules& engine() const { return engine_; }
  [[nodiscard]] const CostModel& cost() const { return cost_; }
  [[nodiscard]] const ClusterSpec& cluster() const { return cluster_; }

 private:
  std::vector<RankedPlan> rank(const InternedShape& shape) const;
  void rank_type(const InternedShape& shape, GpuTypeId type, std::vector<RankedPlan>& out) const;
  void add_plan(const LlmDeployment& llm, GpuTypeId type, ParallelPlan plan,
                std::vector<RankedPlan>& out) const;
  // Layers of it, for a balanced plan; else 0.
  [[nodiscard]] std::int64_t longest_stage(const LlmDeployment& llm, GpuTypeId type,
                                           ParallelPlan plan) const;

  const ClusterSpec& cluster_;
  const EngineRules& engine_;
  const CostModel& cost_;
  PlanLimits limits_;
  const Cluster empty_;
  const LinkView links_;
  std::map<std::pair<ShapeId, GpuTypeId>, std::int64_t> best_per_gpu_;
  std::map<std::tuple<ShapeId, GpuTypeId, ParallelPlan, GroupLinks, std::int64_t>, std::int64_t>
      per_gpu_;                                                 // the last: U, in millionths
  std::unordered_map<ShapeId, std::vector<RankedPlan>> plans_;  // by gpu_shape
};

/// Opaque tasks: whole GPUs on one node if any node is large enough for them, else on as many nodes
/// as it takes; a share on one GPU; CPU only on any node.
[[nodiscard]] std::optional<Layout> find_opaque_room(const Cluster& cluster, RoomSearch& search,
                                                     const OpaqueTask& task, GpuTypeId type);

}  // namespace headroom
