#pragma once
// The part of a run that its figures are about.

#include "sim/core/units.hpp"

#include <optional>

namespace headroom {

/// Requests that arrive in [from, to) count, and time in it. An end left out is open.
struct MeasureWindow {
  std::optional<SimTime> from;
  std::optional<SimTime> to;

  [[nodiscard]] bool contains(SimTime instant) const {
    return (!from || instant >= *from) && (!to || instant < *to);
  }
};

}  // namespace headroom
