#pragma once
// The parts of one run, built from a scenario and owned together.

#include "sim/cost/cost_model.hpp"
#include "sim/engine/engine.hpp"
#include "sim/plan/plan_space.hpp"
#include "study/scenario.hpp"
#include "traces/load.hpp"
#include "traces/rows.hpp"

#include <memory>
#include <optional>
#include <string>

namespace headroom {

/// Engine rules, cost model and plan space of a scenario. The scenario must outlive it.
class RunParts {
 public:
  [[nodiscard]] static Result<std::unique_ptr<RunParts>> make(const Scenario& scenario);
  [[nodiscard]] PlanSpace& plans() { return *plans_; }

 private:
  RunParts() = default;
  std::unique_ptr<EngineRules> engine_;
  std::unique_ptr<CostModel> cost_;
  std::unique_ptr<PlanSpace> plans_;
};

/// The load scale of a scenario that asks for one: reads its trace once, with the lifetimes that
/// the scenario's own seed draws. nullopt where it does not.
[[nodiscard]] Result<std::optional<LoadScale>> load_scale_of(const Scenario& scenario);

/// The bad rows of the trace of a scenario that passes them over: reads it once. nullopt where the
/// first bad row ends a run.
[[nodiscard]] Result<std::optional<SkippedRows>> skipped_rows_of(const Scenario& scenario);

/// A fresh stream of the scenario's requests for this seed.
[[nodiscard]] Result<std::unique_ptr<RequestSource>> open_requests(
    const Scenario& scenario, std::uint64_t seed, const std::optional<LoadScale>& scale);

}  // namespace headroom
