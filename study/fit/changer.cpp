#include "study/fit/changer.hpp"

#include <algorithm>

namespace headroom {

bool Changer::enough(const FitQuestion& changed, const FitPlan& plan) const {
  const GpuType& type = cluster().gpu_types[index(plan.gpu)];
  FitPlan asked;
  asked.plan = plan.plan;
  asked.verdict = ground_.engine().check(*changed.model, plan.plan, type, changed.limits);
  return asked.verdict.accepted && asked.full_sequences() >= sequences_;
}

// A change is told without replicas: what holds the model at all is the question.
std::optional<FitChange> Changer::tried(std::vector<FitChange::Kind> kinds, std::string what,
                                        FitQuestion changed) const {
  changed.max_dp = 1;
  const auto ground = FitGround::make(changed);
  if (!ground) return std::nullopt;
  const std::vector<FitPlan> plans = fit_plans(changed, **ground);
  const auto best = recommend(plans, changed.limits.sequences);
  if (!best || plans[*best].full_sequences() < sequences_) return std::nullopt;
  FitChange change{std::move(kinds), std::move(what), changed, plans[*best], {}};
  const bool same_checkpoint = std::find(change.kinds.begin(), change.kinds.end(),
                                         FitChange::Kind::checkpoint) == change.kinds.end();
  if (same_checkpoint) {
    change.command = (*ground)->engine().command(*changed.model, start_of(changed, change.plan));
  }
  return change;
}

bool Changer::offer(std::vector<FitChange::Kind> kinds, std::string what,
                    const FitQuestion& changed) {
  auto change = tried(std::move(kinds), std::move(what), changed);
  if (!change) return false;
  keep(std::move(*change));
  return true;
}

}  // namespace headroom
