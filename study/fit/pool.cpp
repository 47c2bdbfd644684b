#include "study/fit/pool.hpp"

#include "study/fit/gpus.hpp"
#include "study/fit/plans.hpp"
#include "study/fit/refusals.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace headroom {
namespace {

constexpr std::array<int, 5> kPerNode{1, 2, 4, 8, kMostPoolGpusPerNode};  // that are sold
constexpr int kMostNodes = 64;  // more do not help: a plan has at most so many GPUs

/// The fewest GPUs per node with which it starts, asked with a pool of such nodes.
std::optional<PoolChange> larger_nodes(const FitQuestion& question, const LargestNodes& there) {
  const GpuType& type = question.gpus->cluster.gpu_types[index(there.type)];
  for (const int gpus : kPerNode) {
    if (gpus <= there.gpus) continue;
    FitQuestion larger = question;
    larger.gpus = grown(type, there, gpus, there.nodes());
    const auto ground = FitGround::make(larger);
    if (!ground) return std::nullopt;
    const std::vector<FitPlan> plans = fit_plans(larger, **ground);
    if (const auto best = recommend(plans, 1)) {
      return PoolChange{there.type, gpus, there.nodes(), plans[*best]};
    }
  }
  return std::nullopt;
}

PoolEntry entry_of(const FitQuestion& question, FitGround& ground) {
  PoolEntry entry;
  entry.model = question.model;
  const std::vector<FitPlan> plans = fit_plans(question, ground);
  if (const auto best = recommend(plans, 1)) {
    entry.plan = plans[*best];
    return entry;
  }
  const auto nearest =
      std::max_element(plans.begin(), plans.end(), [](const FitPlan& a, const FitPlan& b) {
        return std::tuple(a.verdict.accepted, slack(a)) < std::tuple(b.verdict.accepted, slack(b));
      });
  if (nearest != plans.end()) {
    entry.held_by_others = nearest->verdict.accepted;
    entry.why_not = entry.held_by_others ? "others hold the memory of the GPUs that it needs"
                                         : nearest->verdict.refusal.sentence;
  }
  for (const LargestNodes& nodes : largest_nodes(ground.cluster(), kMostNodes)) {
    auto change = larger_nodes(question, nodes);
    if (change) entry.changes.push_back(std::move(*change));
  }
  return entry;
}

}  // namespace

Result<PoolAnswer> answer_pool(const FitQuestion& question,
                               const std::vector<std::shared_ptr<const Model>>& models) {
  PoolAnswer answer{question, {}};
  HEADROOM_TRY(const auto ground, FitGround::make(question));
  for (const auto& model : models) {
    FitQuestion asked = question;
    asked.model = model;
    use_own_context(asked);
    answer.entries.push_back(entry_of(asked, *ground));
  }
  return answer;
}

}  // namespace headroom
