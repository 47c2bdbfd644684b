#include "study/scenario_check.hpp"

#include "policies/registry.hpp"
#include "sim/core/nearest.hpp"
#include "study/run_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

namespace headroom {
namespace {

// Whether there are deployments for sure; a native trace tells only as it is replayed.
bool has_deployments(const Workload& workload) {
  if (const auto* trace = std::get_if<TraceWorkload>(&workload)) return trace->as_llm;
  if (const auto* made = std::get_if<TaskGeneratorWorkload>(&workload)) return made->as_llm;
  const auto* listed = std::get_if<ListedWorkload>(&workload);
  if (listed == nullptr) return true;
  return std::any_of(listed->requests.begin(), listed->requests.end(), [](const Request& request) {
    return request.shape.kind() == RequestKind::llm;
  });
}

// The base placer takes the opaque tasks, so a policy has to take what is left.
Status check_kinds(const Scenario& scenario, const ScenarioOverrides& overrides) {
  if (!has_deployments(scenario.workload)) return {};
  for (const auto& name : scenario.policies) {
    HEADROOM_TRY(const PolicyInfo* policy, find_policy(name));
    if (policy->takes_llm) continue;
    return fail(
        fmt::format("'{}' places opaque tasks, but this workload has deployments", name),
        overrides.policies.empty() ? scenario.config->place("policies") : SourcePlace{"--policy"},
        "see `headroom policies` for what each takes");
  }
  return {};
}

// An expectation that nothing could meet or break is a slip: it would pass for ever.
Status check_expectations(const Scenario& scenario, const ScenarioOverrides& overrides) {
  const auto* listed = std::get_if<ListedWorkload>(&scenario.workload);
  std::vector<std::string> names;
  if (listed != nullptr && !scenario.expectations.empty()) {
    for (const auto& request : listed->requests) names.push_back(request.name);
  }
  const auto& run = scenario.policies;
  for (const auto& expect : scenario.expectations) {
    const auto policy = find_policy(expect.policy);
    if (!policy) return fail(policy.error().message, expect.place, policy.error().hint);
    if (overrides.policies.empty() && std::find(run.begin(), run.end(), expect.policy) == run.end())
      return fail(fmt::format("this scenario does not run the policy '{}'", expect.policy),
                  expect.place, suggest(expect.policy, run));
    if (listed == nullptr || std::find(names.begin(), names.end(), expect.request) != names.end())
      continue;
    return fail(fmt::format("there is no request '{}'", expect.request), expect.place,
                suggest(expect.request, names));
  }
  return {};
}

// A GPU type that a listed request names must be one of the cluster's: a typing error otherwise.
Status check_listed_gpu_types(const Scenario& scenario) {
  std::vector<std::string> known;
  for (const auto& type : scenario.cluster.gpu_types) known.push_back(type.name);
  for (const auto& entry : scenario.config->tables("request")) {
    for (const auto& name : entry.texts_or("gpu_types", {})) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      return fail(fmt::format("the cluster has no GPU type '{}'", name), entry.place("gpu_types"),
                  suggest(name, known));
    }
  }
  return {};
}

// Policies read their own options: each is built once, so that a wrong option is found before
// anything runs.
Status check_policy_options(const Scenario& scenario) {
  HEADROOM_TRY(const auto parts, RunParts::make(scenario));
  for (const auto& policy : policies()) {
    const PlacerContext context{scenario.cluster, parts->plans()};
    (void)policy.make(context, scenario.config->table("policy").table(policy.name));
  }
  return scenario.config->status();
}

}  // namespace

Status check_whole(const Scenario& scenario, const ScenarioOverrides& overrides) {
  HEADROOM_CHECK(check_kinds(scenario, overrides));
  HEADROOM_CHECK(check_expectations(scenario, overrides));
  HEADROOM_CHECK(check_listed_gpu_types(scenario));
  return check_policy_options(scenario);
}

}  // namespace headroom
