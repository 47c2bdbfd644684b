#pragma once
// Load: how a recorded trace is made to ask for so much of a cluster of another size.
//
// Two numbers, both printed with every result. Each row stands `copies` times (a power of two), the
// copies evenly spaced from its own arrival up to the next row's; each lifetime is multiplied by
// `stretch`. They are chosen so that the GPUs asked for at once (by the trace's own sizes, each
// task from its arrival to its end, nothing queued), averaged over the time from the 1st to the
// 99th percentile of the GPU tasks' arrivals, are `load` of the cluster. Copies are the smallest
// power of two that keeps the stretch at 30 or below: copying keeps lifetimes and thickens
// arrivals, which distorts a sparse trace less than tasks that never end.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"
#include "traces/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace headroom {

inline constexpr std::int64_t kStretchOne = 1'000'000'000;
inline constexpr std::int64_t kMaxStretch = 30 * kStretchOne;

struct LoadScale {
  int copies = 1;
  std::int64_t stretch_nano = kStretchOne;  // f, in thousand-millionths
  double demand_unscaled = 0.0;  // GPUs asked for at once by the trace as it is, averaged as above

  [[nodiscard]] double stretch() const { return static_cast<double>(stretch_nano) / 1e9; }
};

/// Lifetime x f, rounded half up to a nanosecond; at most kMaxInputTime.
[[nodiscard]] Duration stretched(Duration lifetime, std::int64_t stretch_nano);

/// Reads the whole trace; keeps 32 bytes a GPU task while it does. The least stretch (in steps of
/// 1e-9) whose demand reaches load x cluster_gpus. Error: the reader's; a load that is not above 0
/// and up to 100; no two GPU tasks at different times; tasks too few or too short for the load.
[[nodiscard]] Result<LoadScale> find_load(TaskReader& trace, std::int64_t cluster_gpus,
                                          double load);

/// Applies a scale to a trace as it is read, one row ahead. Copies are named "<task>~2",
/// "<task>~3",
/// ...; those of the last row stand at its own arrival.
class LoadedReader final : public TaskReader {
 public:
  /// Precondition: copies and stretch are positive.
  LoadedReader(std::unique_ptr<TaskReader> trace, const LoadScale& scale);

  [[nodiscard]] Result<std::optional<TraceTask>> next() override;
  [[nodiscard]] SourcePlace place() const override { return row_place_; }

 private:
  std::unique_ptr<TaskReader> trace_;
  LoadScale scale_;
  bool started_ = false;
  std::optional<TraceTask> row_;    // being copied
  std::optional<TraceTask> ahead_;  // the row after it
  SourcePlace row_place_;
  SourcePlace ahead_place_;
  int copy_ = 0;  // of row_, the one to give out next
};

}  // namespace headroom
