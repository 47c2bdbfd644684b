#pragma once
// Figures of a stream of rows in bounded memory: quantiles, gaps between arrivals, GPUs at once.

#include "sim/core/int128.hpp"
#include "sim/core/units.hpp"
#include "sim/observe/histogram.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom {

/// Quantiles of non-negative integers: exact up to so many values, from then on those of a
/// histogram that is at most 0.1 % above. Of n values in order, counted from 0, the quantile q is
/// the one at q x (n - 1), rounded half up. Mean and most are always exact. All figures of traces
/// that are quantiles come from here.
class Quantiles {
 public:
  static constexpr std::size_t kExact = 2'000'000;

  explicit Quantiles(std::size_t exact = kExact) : most_exact_(exact) {}

  void add(std::int64_t value);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool exact() const { return count_ == values_.size(); }
  /// 0 when empty. Thousandths. Sorts the values on the way: not for two threads at once.
  [[nodiscard]] std::int64_t at(int per_mille) const;
  [[nodiscard]] double mean() const;
  [[nodiscard]] std::int64_t max() const { return max_; }

 private:
  std::size_t most_exact_;
  mutable std::vector<std::int64_t> values_;
  mutable bool sorted_ = false;
  DurationHistogram histogram_;
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
  Int128 sum_ = 0;
};

/// Arrivals in order (a precondition), and the gaps between them, those of zero too.
class Arrivals {
 public:
  void add(SimTime arrival);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] SimTime first() const { return first_; }
  [[nodiscard]] SimTime last() const { return last_; }
  [[nodiscard]] Duration span() const { return last_ - first_; }
  /// Gaps of zero: a row that arrives with the one above.
  [[nodiscard]] std::uint64_t zero_gaps() const { return zero_gaps_; }
  /// Standard deviation of the gaps (of the population) over their mean; nullopt without a gap
  /// above zero.
  [[nodiscard]] std::optional<double> variation() const;
  /// Share of the gaps that are zero; 0 where there is no gap.
  [[nodiscard]] double zero_share() const;

 private:
  std::uint64_t count_ = 0;
  std::uint64_t zero_gaps_ = 0;
  SimTime first_{};
  SimTime last_{};
  double mean_ = 0.0;     // of the gaps so far, in seconds (Welford)
  double squares_ = 0.0;  // sum of squared differences from the mean
};

/// GPUs that tasks hold at once where none waits: each from its arrival to its end. Tasks that end
/// at the moment another arrives have given theirs back.
class Concurrency {
 public:
  static constexpr std::size_t kMostAlive = 2'000'000;

  explicit Concurrency(std::size_t most_alive = kMostAlive) : most_alive_(most_alive) {}

  /// In order of arrival. `milli` is of all its GPUs.
  void add(SimTime arrival, Duration lifetime, std::int64_t milli);
  /// GPU-milli; nullopt where more tasks were alive at once than are followed.
  [[nodiscard]] std::optional<std::int64_t> peak() const;
  /// GPU-milli, over the time from the first arrival to the last end: never above the peak. 0
  /// where that is no time.
  [[nodiscard]] double mean() const;

 private:
  std::size_t most_alive_;
  std::vector<std::pair<SimTime, std::int64_t>> ends_;  // a heap, the next end in front
  std::int64_t held_ = 0;
  std::int64_t peak_ = 0;
  std::optional<SimTime> begin_;
  SimTime end_{};
  Int128 gpu_time_ = 0;  // GPU-milli x ns
  bool given_up_ = false;
};

/// The offered load of tasks that arrive within `span`: GPU-time over that time, in GPUs. Tasks
/// that end after the last arrival count in full, so that it can be above what is held at once. 0
/// where there is no time.
[[nodiscard]] double offered_gpus(Int128 gpu_milli_ns, Duration span);

/// How many different texts: counted exactly up to a limit (by 64-bit FNV-1a hashes, so that two
/// texts of one hash count as one).
class Distinct {
 public:
  static constexpr std::size_t kMost = 200'000;

  explicit Distinct(std::size_t most = kMost) : most_(most) {}

  void add(std::string_view text);
  [[nodiscard]] std::uint64_t count();
  /// False: there are more than count() says.
  [[nodiscard]] bool all();

 private:
  void fold();

  std::size_t most_;
  std::vector<std::uint64_t> hashes_;  // sorted and unique up to folded_
  std::size_t folded_ = 0;
  bool full_ = false;
};

}  // namespace headroom
