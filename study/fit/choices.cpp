#include "study/fit/choices.hpp"

#include "policies/registry.hpp"
#include "sim/run/legality.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

int nodes_of(const Layout& layout) {
  int nodes = 0;
  for (const PlacementPart& part : layout.parts) nodes += part.nodes;
  return nodes;
}

Result<std::vector<const PolicyInfo*>> asked_policies(const FitQuestion& question) {
  std::vector<const PolicyInfo*> out;
  for (const std::string& name : question.policies) {
    const auto policy = find_policy(name);
    if (!policy) return fail(policy.error().message, {"--policy"}, policy.error().hint);
    if (!(*policy)->takes_llm) {
      return fail(fmt::format("'{}' places opaque tasks, not deployments", name), {"--policy"},
                  "headroom policies lists them");
    }
    if (std::find(out.begin(), out.end(), *policy) != out.end()) {
      return fail(fmt::format("'{}' is named twice", name), {"--policy"});
    }
    out.push_back(*policy);
  }
  if (!out.empty()) return out;
  for (const PolicyInfo& policy : policies()) {
    if (policy.takes_llm && policy.for_one) out.push_back(&policy);
  }
  return out;
}

}  // namespace

Result<std::vector<FitChoice>> fit_choices(const FitQuestion& question, FitGround& ground) {
  HEADROOM_TRY(const auto asked, asked_policies(question));
  HEADROOM_TRY(const ConfigTable no_options, ConfigTable::parse("", "options"));
  std::vector<FitChoice> out;
  for (const PolicyInfo* policy : asked) {
    const auto placer = policy->make({ground.cluster(), ground.plans()}, no_options);
    FitChoice choice;
    choice.policy = policy->name;
    const PlacementRequest request{ground.intern(question), SimTime{}, {}, {}, {}};
    const Decision decision =
        placer->place(request, ground.plans().empty_cluster(), &choice.passed_over);
    if (const auto* place = std::get_if<Place>(&decision)) {
      FitPlan plan = fit_plan(question, ground, place->layout.gpu, place->layout.plan);
      plan.room = true;  // the policy named the devices
      plan.nodes = nodes_of(place->layout);
      const auto holdings =
          resolve_layout(ground.plans().empty_cluster(), ground.intern(question), place->layout);
      if (holdings) plan.links = ground.plans().links().of(*holdings, plan.gpu, plan.plan);
      if (plan.verdict.accepted) add_speed(question, ground, plan);
      choice.plan = std::move(plan);
      choice.reason = place->why;
    } else if (const auto* not_now = std::get_if<NotNow>(&decision)) {
      choice.reason = not_now->reason;
    } else {
      choice.reason = std::get<Never>(decision).reason;
    }
    out.push_back(std::move(choice));
  }
  return out;
}

}  // namespace headroom
