#pragma once
// All placement policies, by name. The only place that knows them all.

#include "sim/core/config.hpp"
#include "sim/core/result.hpp"
#include "sim/policy/placer.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

struct PolicyInfo {
  std::string name;
  std::string description;  // one line, for `headroom policies`
  bool takes_llm = false;
  bool takes_opaque = false;
  bool for_one = true;  // false: decides by requests still to come, so says little of one alone
  /// `options` is the scenario's [policy.NAME] table; errors are recorded in it.
  std::function<std::unique_ptr<Placer>(const PlacerContext&, const ConfigTable& options)> make;
};

[[nodiscard]] std::span<const PolicyInfo> policies();
/// Error: unknown name (the nearest known).
[[nodiscard]] Result<const PolicyInfo*> find_policy(std::string_view name);

}  // namespace headroom
