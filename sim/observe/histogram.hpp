#pragma once
// Quantiles of durations in bounded memory: log-linear buckets, 1,024 to the octave, so that a
// quantile is at most 0.1 % above the true value. Mean and maximum are exact.

#include "sim/core/int128.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <map>

namespace headroom {

class DurationHistogram {
 public:
  /// Precondition: value >= 0.
  void add(Duration value);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Upper edge of the bucket that holds the value of rank ceil(q x count); 0 when empty. q in
  /// 0..1, in thousandths.
  [[nodiscard]] Duration quantile(int per_mille) const;
  /// The same of the value of this rank, 1..count. Precondition: 1 <= rank <= count().
  [[nodiscard]] Duration at_rank(std::uint64_t rank) const;
  [[nodiscard]] Duration max() const { return Duration(max_); }
  [[nodiscard]] Duration mean() const;

 private:
  std::map<std::uint32_t, std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
  Int128 sum_ = 0;
};

}  // namespace headroom
