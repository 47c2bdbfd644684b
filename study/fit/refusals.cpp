#include "study/fit/refusals.hpp"

#include "study/fit/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

namespace headroom {
namespace {

constexpr std::size_t kGroups = 10;
constexpr std::size_t kPlansNamed = 6;

/// Plans that one rule refuses: a rule of the shape for all types alike, of the GPU or its memory
/// for each type.
struct Group {
  bool memory = false;
  GpuTypeId gpu{};
  std::vector<const FitPlan*> plans;
  const FitPlan* nearest = nullptr;
};

bool depends_on_gpu(const FitPlan& plan) { return plan.counted() || plan.verdict.refusal.of_gpu; }

/// Whole experts on fewer GPUs need the same memory: the plan without them stands for both.
bool has_plain_twin(const FitAnswer& answer, const FitPlan& plan) {
  if (!plan.plan.ep) return false;
  return std::any_of(answer.plans.begin(), answer.plans.end(), [&](const FitPlan& other) {
    ParallelPlan twin = plan.plan;
    twin.ep = false;
    return other.gpu == plan.gpu && other.plan == twin && !other.verdict.accepted &&
           other.verdict.refusal.rule == plan.verdict.refusal.rule;
  });
}

std::vector<Group> groups_of(const FitAnswer& answer) {
  std::vector<Group> groups;
  for (const FitPlan& plan : answer.plans) {
    if (plan.verdict.accepted || has_plain_twin(answer, plan)) continue;
    const GpuTypeId gpu = depends_on_gpu(plan) ? plan.gpu : GpuTypeId{};
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) {
      return g.memory == plan.counted() && g.gpu == gpu &&
             g.nearest->verdict.refusal.rule == plan.verdict.refusal.rule;
    });
    if (group == groups.end()) group = groups.insert(group, {plan.counted(), gpu, {}, &plan});
    group->plans.push_back(&plan);
    if (slack(plan) > slack(*group->nearest)) group->nearest = &plan;
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.memory < b.memory; });
  return groups;
}

std::vector<std::string> names_of(const std::vector<const FitPlan*>& plans) {
  std::vector<std::string> out;
  for (const FitPlan* plan : plans) {
    const std::string name = plan_name(plan->plan);
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  return out;
}

/// "TP 3, 5 and 7, with or without PP" where the rule refuses all plans of these sizes; else empty.
std::string whole_sizes(const FitAnswer& answer, const Group& group) {
  std::set<int> sizes;
  for (const FitPlan* plan : group.plans) sizes.insert(plan->plan.tp);
  std::set<std::string> all;
  bool stages = false;
  for (const FitPlan& plan : answer.plans) {
    if (sizes.count(plan.plan.tp) == 0 || has_plain_twin(answer, plan)) continue;
    all.insert(plan_name(plan.plan));
    stages = stages || plan.plan.pp > 1;
  }
  if (all.size() != names_of(group.plans).size()) return "";
  std::vector<std::string> words;
  words.reserve(sizes.size());
  for (const int size : sizes) words.push_back(fmt::format("{}", size));
  return "TP " + listed(words) + (stages ? ", with or without PP" : "");
}

std::string sentence_of(const Group& group) {
  const Refusal& refusal = group.nearest->verdict.refusal;
  const bool same = std::all_of(group.plans.begin(), group.plans.end(), [&](const FitPlan* p) {
    return p->verdict.refusal.sentence == refusal.sentence;
  });
  const std::string likewise = same || group.memory ? "" : ", and likewise for the others";
  return fmt::format("{}{} [{}]", refusal.sentence, likewise, refusal.rule);
}

std::string entry_of(const FitAnswer& answer, const Group& group) {
  std::string out = group.memory ? "" : whole_sizes(answer, group);
  if (out.empty()) out = some_of(names_of(group.plans), kPlansNamed);
  const auto& types = answer.question.gpus->cluster.gpu_types;
  if (depends_on_gpu(*group.nearest) && types.size() > 1)
    out += " on " + types[index(group.gpu)].name;
  out += ": ";
  if (group.memory && group.plans.size() > 1)
    out += fmt::format("nearest is {}: ", plan_name(group.nearest->plan));
  return out + sentence_of(group);
}

}  // namespace

Bytes slack(const FitPlan& plan) {
  if (!plan.counted()) return std::numeric_limits<Bytes>::min();
  return plan.worst().kv_available - plan.worst().kv_per_sequence;
}

const FitPlan* nearest_refused(const FitAnswer& answer) {
  const FitPlan* nearest = nullptr;
  for (const FitPlan& plan : answer.plans) {
    if (plan.verdict.accepted || !plan.counted()) continue;
    if (nearest == nullptr || slack(plan) > slack(*nearest)) nearest = &plan;
  }
  return nearest;
}

const FitPlan* looked_at(const FitAnswer& answer) {
  return answer.best() != nullptr ? answer.best() : nearest_refused(answer);
}

const Refusal* refusal_of_gpus(const FitAnswer& answer) {
  const Refusal* found = nullptr;
  for (const FitPlan& plan : answer.plans) {
    if (plan.verdict.accepted || plan.counted()) return nullptr;
    const Refusal& refusal = plan.verdict.refusal;
    if (refusal.of_gpu && found == nullptr) found = &refusal;
  }
  return found;
}

std::string refused_plans(const FitAnswer& answer) {
  const auto groups = groups_of(answer);
  const bool without_room =
      std::any_of(answer.plans.begin(), answer.plans.end(),
                  [](const FitPlan& p) { return p.verdict.accepted && !p.room; });
  if (groups.empty() && !without_room) return "";
  std::string out =
      answer.best() != nullptr ? "\nPlans that do not start\n" : "\nWhy no plan starts\n";
  for (std::size_t i = 0; i < std::min(groups.size(), kGroups); ++i) {
    out += "  " + wrapped(entry_of(answer, groups[i]), kFitWidth, 4) + "\n";
  }
  if (groups.size() > kGroups) {
    out += fmt::format("  ... and {} more: --json has them all.\n", groups.size() - kGroups);
  }
  if (without_room) {
    out += "  Some plans would start, but others already hold the memory of the GPUs they need.\n";
  }
  return out;
}

}  // namespace headroom
