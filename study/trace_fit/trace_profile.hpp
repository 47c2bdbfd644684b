#pragma once
// The figures of a trace that a generator is fitted to and held against, taken in one pass.
//
// Memory does not grow with the rows: lifetimes go into histograms (values at most 0.1 % above the
// true ones), beyond the first 2,000,000 all of them; arrivals into at most 4,096 steps of time; of
// sizes and of batches there is an entry for each that occurs.

#include "sim/core/int128.hpp"
#include "sim/core/result.hpp"
#include "sim/observe/histogram.hpp"
#include "study/trace_figures.hpp"
#include "traces/generate/spec.hpp"
#include "traces/task.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <vector>

namespace headroom {

/// Counts per step of time; steps double when there would be too many.
class StepCounts {
 public:
  void add(Duration since_origin);
  [[nodiscard]] std::int64_t step_h() const { return step_h_; }
  /// With steps of so many hours, a power of two times step_h().
  [[nodiscard]] std::vector<double> counts(std::int64_t step_h) const;

 private:
  static constexpr std::size_t kMost = 4'096;
  std::int64_t step_h_ = 6;
  std::vector<std::int64_t> counts_;
};

/// Tasks of like size: of a share of a GPU, of none, or of more than half of a power of two of
/// GPUs and up to it.
struct SizeBand {
  std::map<TaskSize, std::int64_t> sizes;
  DurationHistogram lifetimes;
  std::int64_t positive = 0;  // tasks with a lifetime above 0,
  double log_sum = 0.0;       // the sum of its natural logarithms (of seconds)
  double log_squares = 0.0;   // and of their squares
  Int128 cpu_milli = 0;
  Int128 ram = 0;
};

struct TraceProfile {
  std::int64_t tasks = 0;
  std::int64_t without_lifetime = 0;  // passed over, in no other figure
  /// Midnight of the trace's own clock before the first arrival: what follows counts from here.
  SimTime origin{};
  std::int64_t moments = 0;                      // different times of arrival
  std::map<std::int64_t, std::int64_t> batches;  // moments, by the tasks they bring
  Arrivals arrivals;
  std::array<std::int64_t, 24> by_hour{};  // moments
  std::array<std::int64_t, 7> by_day{};
  StepCounts steps;
  std::map<int, SizeBand> bands;  // -1 = share, 0 = no GPU, else the power of two
  Quantiles lifetimes;            // ns, cut-off ones too
  Int128 gpu_milli_ns = 0;        // milli-GPUs x ns

  /// From the origin to the last arrival.
  [[nodiscard]] Duration length() const { return arrivals.last() - origin; }
  [[nodiscard]] double gpu_hours() const;
  /// As headroom::offered_gpus, over the time from the first arrival to the last.
  [[nodiscard]] double offered_gpus() const;
  [[nodiscard]] std::int64_t count_of(const TaskSize& size) const;
};

/// The band of a size, as in TraceProfile::bands.
[[nodiscard]] int size_band(const TaskSize& size);

/// Reads the trace to its end. Error: the reader's.
[[nodiscard]] Result<TraceProfile> profile_of(TaskReader& trace);

}  // namespace headroom
