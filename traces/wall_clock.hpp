#pragma once
// Dates and times of day, as some traces stamp their rows.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <string_view>

namespace headroom {

/// "2023-11-16 18:17:03" or "2023-11-16T18:17:03.9799600": from 1970-01-01 00:00:00 of the same
/// clock, with up to nine digits of a second. The clock's zone is not known and taken to keep its
/// distance from UTC: where it was set back or forward within a trace, rows after that stand an
/// hour off. Error: not such a stamp, a day or an hour that there is not, before 1970 or beyond
/// kMaxInputTime.
[[nodiscard]] Result<SimTime> parse_wall_clock(std::string_view text);

}  // namespace headroom
