#pragma once
// Comparing policies request by request.

#include "sim/core/result.hpp"
#include "study/study.hpp"

#include <cstdint>
#include <vector>

namespace headroom {

struct DifferenceTable {
  std::vector<Difference> rows;  // by policy pair, then by count descending
  std::uint64_t compared = 0;
  std::uint64_t ended_differently = 0;  // not the same outcome under all policies
};

/// Compares the runs of one seed pair by pair, over the requests of the measured window. `requests`
/// is a fresh stream of the same requests: the names of the examples are read from it.
/// Precondition: all runs saw the same requests.
[[nodiscard]] Result<DifferenceTable> compare_outcomes(const std::vector<const RunResult*>& runs,
                                                       RequestSource& requests);

}  // namespace headroom
