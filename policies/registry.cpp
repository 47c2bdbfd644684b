#include "policies/registry.hpp"

#include "policies/builtin.hpp"
#include "policies/classical/classical.hpp"
#include "sim/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace headroom {

namespace {

// One line per policy: name, what it does, takes LLM deployments, takes opaque tasks,
// tells something of one request alone, factory.
std::vector<PolicyInfo> own_policies() {
  return {
      {"naive", "fewest GPUs that hold the claim; knows nothing of the model", true, false, true,
       make_naive},
      {"head-aware", "as naive, but only sizes the engine's shape rules accept", true, false, true,
       make_head_aware},
      {"gpustack", "as GPUStack's scheduler does today", true, false, true, make_gpustack},
      {"gpustack-0.6", "as GPUStack 0.6, which finds no heads in text_config", true, false, true,
       make_gpustack_0_6},
      {"gpustack-0.4", "as GPUStack 0.4, before its first check of heads", true, false, true,
       make_gpustack_0_4},
      {"fallback-search", "best valid plan that has room, on one node or several", true, false,
       true, make_fallback_search},
      {"fallback-search-mix", "as fallback-search, sparing what the rest of the mix needs", true,
       false, false, make_fallback_search_mix},
  };
}

// For tasks alone, or also for the sizes that head-aware accepts.
PolicyInfo classical(const ClassicalPolicy& policy, bool heads) {
  const std::string name = heads && !policy.heads_only ? policy.name + "+heads" : policy.name;
  const std::string what = heads ? "at head-aware's sizes: " : "";
  return {
      name,
      what + policy.description,
      heads,
      true,
      !heads,
      [name, make = policy.make, heads](const PlacerContext& context, const ConfigTable& options) {
        return make_classical(name, context, make(context, options), ClassicalKinds{heads});
      }};
}

std::vector<PolicyInfo> all_policies() {
  std::vector<PolicyInfo> out = own_policies();
  for (const bool heads : {false, true}) {
    for (const ClassicalPolicy& policy : classical_policies()) {
      if (heads || !policy.heads_only) out.push_back(classical(policy, heads));
    }
  }
  return out;
}

}  // namespace

std::span<const PolicyInfo> policies() {
  static const std::vector<PolicyInfo> all = all_policies();
  return all;
}

Result<const PolicyInfo*> find_policy(std::string_view name) {
  const auto all = policies();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const PolicyInfo& p) { return p.name == name; });
  if (found != all.end()) return &*found;
  std::vector<std::string> names;
  for (const auto& policy : all) names.push_back(policy.name);
  return fail(fmt::format("unknown policy '{}'", name), {}, suggest(name, names));
}

}  // namespace headroom
