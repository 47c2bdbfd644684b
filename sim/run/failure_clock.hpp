#pragma once
// When nodes fail by chance and for how long. Every draw has a stream of its own, named by node and
// number, so that a node fails at the same times whatever happens to others, whatever the policy,
// and from whatever point a run is gone on with.

#include "sim/run/dynamics.hpp"

#include <cstdint>
#include <string_view>

namespace headroom {

class FailureClock {
 public:
  FailureClock(const FailureModel& model, std::uint64_t seed) : model_(model), seed_(seed) {}

  /// From the start, or from the end of the repair before, to failure number `failure` (from 0).
  /// At least 1 ns, at most kMaxInputTime.
  [[nodiscard]] Duration to_failure(std::string_view node, std::uint64_t failure) const;
  /// From that failure to its repair.
  [[nodiscard]] Duration to_repair(std::string_view node, std::uint64_t failure) const;

 private:
  FailureModel model_;
  std::uint64_t seed_;
};

}  // namespace headroom
