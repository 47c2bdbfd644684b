#include "traces/rows.hpp"

#include <fmt/format.h>

#include <utility>

namespace headroom {

void SkippedRows::add(Error error) {
  if (count++ < kListed) first.push_back(std::move(error));
}

bool RowRules::pass_over(const Error& error, bool more) const {
  if (skipped == nullptr || !more) return false;
  skipped->add(error);
  return true;
}

Result<SimTime> ArrivalOrder::take(SimTime stamp, const SourcePlace& place) {
  if (order_ == RowOrder::any) return stamp;
  if (!last_ && wall_clock_) origin_ = stamp.time_since_epoch();
  const SimTime arrival = stamp - origin_;
  if (last_ && arrival < *last_) {
    return fail(
        fmt::format("arrival {} is before the previous row's {}{}", seconds_text(arrival),
                    seconds_text(*last_), wall_clock_ ? " (seconds from the first row)" : ""),
        place, std::string(hint_));
  }
  last_ = arrival;
  return arrival;
}

}  // namespace headroom
