#pragma once
// The ways to lay a model out on given GPUs, each with the engine's verdict.

#include "sim/cost/cost_model.hpp"
#include "sim/plan/plan_space.hpp"
#include "sim/plan/shape_table.hpp"
#include "study/fit/fit.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace headroom {

/// What a question about GPUs is answered with: the parts of a run, on the empty cluster.
class FitGround {
 public:
  /// Precondition: the question has GPUs. Error: unknown engine.
  [[nodiscard]] static Result<std::unique_ptr<FitGround>> make(const FitQuestion& question);

  [[nodiscard]] const ClusterSpec& cluster() const { return gpus_->cluster; }
  [[nodiscard]] const EngineRules& engine() const { return *engine_; }
  [[nodiscard]] const CostModel& cost() const { return *cost_; }
  [[nodiscard]] PlanSpace& plans() { return *plans_; }
  /// The question as a request.
  [[nodiscard]] const InternedShape& intern(const FitQuestion& question);

 private:
  FitGround() = default;
  std::shared_ptr<const FitGpus> gpus_;
  std::unique_ptr<EngineRules> engine_;
  std::unique_ptr<CostModel> cost_;
  std::unique_ptr<PlanSpace> plans_;
  std::unique_ptr<ShapeTable> shapes_;
};

/// Tensor parallel sizes from 1 on, by shape alone.
[[nodiscard]] FitShapes fit_shapes(const FitQuestion& question, const EngineRules& engine);

/// Every TP x PP (with experts also expert parallel) that the GPUs and the limits of the plan space
/// leave room for, and that the question allows, by type, GPUs and stages.
[[nodiscard]] std::vector<FitPlan> fit_plans(const FitQuestion& question, FitGround& ground);

/// One plan, asked of the engine, with its place on the empty cluster and its speed.
[[nodiscard]] FitPlan fit_plan(const FitQuestion& question, FitGround& ground, GpuTypeId gpu,
                               ParallelPlan plan);

/// The plan as the engine's command wants it. Precondition: it is accepted.
[[nodiscard]] Start start_of(const FitQuestion& question, const FitPlan& plan);

/// Sets the speed of an accepted plan, from the nodes it takes.
void add_speed(const FitQuestion& question, const FitGround& ground, FitPlan& plan);

/// The plan to take: of those that hold `sequences` full sequences one on a single node before
/// others, then the one of most worth; where none does, the one that holds most. nullopt where none
/// starts.
[[nodiscard]] std::optional<std::size_t> recommend(std::span<const FitPlan> plans,
                                                   std::int64_t sequences);

/// TP sizes that plans may have: `allowed_tp` up to `max_tp`; empty = any.
[[nodiscard]] std::vector<int> allowed_sizes(const FitQuestion& question);

}  // namespace headroom
