#include "study/fit/pool.hpp"

#include "study/fit/gpus.hpp"
#include "study/fit/plans.hpp"

#include <algorithm>
#include <limits>

namespace headroom {
namespace {

constexpr int kMostPerNode = 64;
constexpr std::int64_t kMostNodes = 64;  // more do not help: a plan has at most so many GPUs

/// The fewest GPUs per node with which it starts, asked with a pool of such nodes.
std::optional<PoolChange> larger_nodes(const FitQuestion& question, GpuTypeId type) {
  const ClusterSpec& cluster = question.gpus->cluster;
  const int largest = cluster.largest_node(type);
  if (largest == 0) return std::nullopt;
  const auto nodes = static_cast<int>(std::min(kMostNodes, cluster.nodes_with(type, largest)));
  for (int gpus = largest + 1; gpus <= kMostPerNode; ++gpus) {
    FitQuestion larger = question;
    larger.gpus = equal_nodes(cluster.gpu_types[index(type)], gpus, nodes);
    const auto ground = FitGround::make(larger);
    if (!ground) return std::nullopt;
    const std::vector<FitPlan> plans = fit_plans(larger, **ground);
    if (const auto best = recommend(plans, 1)) {
      return PoolChange{type, gpus, nodes, plans[*best]};
    }
  }
  return std::nullopt;
}

Bytes slack(const FitPlan& plan) {
  if (!plan.counted()) return std::numeric_limits<Bytes>::min();
  return plan.worst().kv_available - plan.worst().kv_per_sequence;
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
      std::max_element(plans.begin(), plans.end(),
                       [](const FitPlan& a, const FitPlan& b) { return slack(a) < slack(b); });
  if (nearest != plans.end()) {
    entry.why_not = nearest->verdict.accepted
                        ? "others already hold the memory of the GPUs that it needs"
                        : nearest->verdict.refusal.sentence;
  }
  for (std::size_t t = 0; t < ground.cluster().gpu_types.size(); ++t) {
    auto change = larger_nodes(question, static_cast<GpuTypeId>(t));
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
