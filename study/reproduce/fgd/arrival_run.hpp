#pragma once
// FGD's experiment: pods arrive one after another on an empty cluster and never leave; what finds
// no room is dropped. No clock, no queue.

#include "policies/classical/fragmentation.hpp"
#include "study/reproduce/fgd/inputs.hpp"

#include <string>
#include <vector>

namespace headroom::fgd {

/// The typical pods of a list: the most frequent kinds of pods that make up 95 % of it.
struct TypicalPods {
  struct Kind {
    const Pod* pod = nullptr;  // one of them; of the list
    std::int64_t pods = 0;
    double share = 0.0;  // of those taken
  };
  std::vector<Kind> kinds;
  std::size_t all_kinds = 0;
  std::int64_t pods = 0;      // of the kinds taken
  std::int64_t all_pods = 0;  // of the list
};

[[nodiscard]] TypicalPods typical_pods(const std::vector<Pod>& pods);

struct ArrivalRun {
  Curves curves;
  std::int64_t arrived = 0;
  std::int64_t placed = 0;
  double wall_seconds = 0.0;
};

/// One run of a classical policy ("best-fit"), "fgd" with these typical pods; the policy's own
/// draws from `seed`. Error: there is no such policy. Throws Fault on a fault of the policy.
[[nodiscard]] Result<ArrivalRun> run_arrivals(const std::string& policy,
                                              const std::vector<Pod>& pods,
                                              const std::vector<OpenbNode>& nodes,
                                              const TypicalPods& typical, const Order& order,
                                              std::uint64_t seed);

}  // namespace headroom::fgd
