#include "policies/registry.hpp"

#include "policies/builtin.hpp"
#include "sim/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace headroom {

std::span<const PolicyInfo> policies() {
  // One line per policy: name, what it does, takes LLM deployments, takes opaque tasks,
  // tells something of one request alone, factory.
  static const std::vector<PolicyInfo> all = {
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
      {"first-fit", "opaque tasks: the first node, by id, with room", false, true, true,
       make_first_fit},
  };
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
