#pragma once
// A study as text for a terminal: what was run, the policies side by side, where they differ.

#include "study/study.hpp"

#include <string>

namespace headroom {

/// Cluster, workload and assumptions: the lines above a table.
[[nodiscard]] std::string describe_scenario(const Scenario& scenario, const StudyResult& result);
/// One column per policy; mean and, over several seeds, half the width of the 95 % interval.
[[nodiscard]] std::string policy_table(const Scenario& scenario, const StudyResult& result);
/// Requests that ended differently, by policy pair and by how.
[[nodiscard]] std::string difference_table(const StudyResult& result);

}  // namespace headroom
