#include "traces/load.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/int128.hpp"
#include "traces/lifetimes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace headroom {
namespace {

constexpr int kMaxCopies = 1 << 14;
constexpr std::int64_t kPercent = 100;

struct GpuRow {
  std::int64_t arrival = 0;  // ns
  std::int64_t gap = 0;      // ns to the next row of any kind
  std::int64_t lifetime = 0;
  std::int64_t milli = 0;  // of all its GPUs
};

struct Window {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// From the 1st to the 99th percentile of the copied arrivals, which are in order.
Window window_of(const std::vector<GpuRow>& rows, std::int64_t copies) {
  const std::int64_t last = static_cast<std::int64_t>(rows.size()) * copies - 1;
  const auto arrival = [&](std::int64_t percent) {
    const std::int64_t at = mul_div_floor(last, percent, kPercent);
    const GpuRow& row = rows[static_cast<std::size_t>(at / copies)];
    return row.arrival + mul_div_floor(row.gap, at % copies, copies);
  };
  return {arrival(1), arrival(99)};
}

/// GPU-milli x ns asked for inside the window, summed until `enough`.
Int128 demand(const std::vector<GpuRow>& rows, Window window, std::int64_t copies,
              std::int64_t stretch_nano, Int128 enough) {
  Int128 sum = 0;
  for (const GpuRow& row : rows) {
    if (row.arrival >= window.end || sum >= enough) break;
    const std::int64_t lifetime = stretched(Duration(row.lifetime), stretch_nano).count();
    if (row.arrival >= window.begin && row.arrival + row.gap + lifetime <= window.end) {
      sum += Int128{copies} * lifetime * row.milli;  // most rows: every copy is inside
      continue;
    }
    Int128 overlap = 0;
    for (std::int64_t copy = 0; copy < copies; ++copy) {
      const std::int64_t arrival = row.arrival + mul_div_floor(row.gap, copy, copies);
      const std::int64_t begin = std::max(arrival, window.begin);
      const std::int64_t end = std::min(arrival + lifetime, window.end);
      overlap += std::max<std::int64_t>(end - begin, 0);
    }
    sum += overlap * row.milli;
  }
  return sum;
}

Result<std::vector<GpuRow>> read_rows(TaskReader& trace) {
  std::vector<GpuRow> rows;
  bool open = false;  // the last row read has a GPU and waits for its gap
  while (true) {
    HEADROOM_TRY(const auto task, trace.next());
    if (!task) return rows;
    const std::int64_t arrival = task->arrival.time_since_epoch().count();
    if (open) rows.back().gap = arrival - rows.back().arrival;
    open = task->gpus > 0;
    if (!open) continue;
    HEADROOM_TRY(const Duration lifetime, lifetime_of(*task, trace.place()));
    rows.push_back({arrival, 0, lifetime.count(), std::int64_t{task->gpus} * task->milli});
  }
}

/// The least stretch that reaches `target`, or nullopt if the largest one does not.
std::optional<std::int64_t> find_stretch(const std::vector<GpuRow>& rows, Window window,
                                         std::int64_t copies, Int128 target) {
  std::int64_t low = 0;
  std::int64_t high = kMaxStretch;
  if (demand(rows, window, copies, high, target) < target) return std::nullopt;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (demand(rows, window, copies, middle, target) < target ? low : high) = middle;
  }
  return high;
}

}  // namespace

Duration stretched(Duration lifetime, std::int64_t stretch_nano) {
  const Int128 product = Int128{lifetime.count()} * stretch_nano + kStretchOne / 2;
  const Int128 nanos = product / kStretchOne;
  return Duration(static_cast<std::int64_t>(std::min<Int128>(nanos, kMaxInputTime.count())));
}

Result<LoadScale> find_load(TaskReader& trace, std::int64_t cluster_gpus, double load) {
  if (!(load > 0.0 && load <= 100.0)) {
    return fail(fmt::format("the load is {}, but must be above 0 and up to 100", load), {},
                "0.9 asks for nine tenths of the cluster");
  }
  if (cluster_gpus < 1) return fail("a load needs a cluster with GPUs");
  HEADROOM_TRY(const auto rows, read_rows(trace));
  if (rows.empty()) return fail("no task of this trace has a GPU, so its load cannot be set");
  const Int128 per_ns = Int128{std::llround(load * 1e9)} * cluster_gpus;  // 1e-9 GPUs = 1e-6 milli
  const Window plain = window_of(rows, 1);
  if (plain.begin == plain.end) {
    return fail("the GPU tasks of this trace arrive at one moment, so its load cannot be set", {},
                "a load needs arrivals spread over time");
  }
  LoadScale scale;
  const Int128 everything = Int128{1} << 126;
  const Int128 unscaled = demand(rows, plain, 1, kStretchOne, everything);
  scale.demand_unscaled =
      static_cast<double>(unscaled) / 1000.0 / static_cast<double>(plain.end - plain.begin);
  for (std::int64_t copies = 1; copies <= kMaxCopies; copies *= 2) {
    const Window window = window_of(rows, copies);
    const Int128 target = per_ns * (window.end - window.begin) / 1'000'000;
    if (const auto stretch = find_stretch(rows, window, copies, target)) {
      scale.copies = static_cast<int>(copies);
      scale.stretch_nano = *stretch;
      return scale;
    }
  }
  return fail(fmt::format("even {} copies of each task, 30 times as long, do not ask for {} of {} "
                          "GPUs",
                          kMaxCopies, load, cluster_gpus),
              {}, "this trace is too small for the cluster");
}

LoadedReader::LoadedReader(std::unique_ptr<TaskReader> trace, const LoadScale& scale)
    : trace_(std::move(trace)), scale_(scale) {
  HEADROOM_ASSERT(trace_ != nullptr && scale.copies >= 1 && scale.stretch_nano >= 1,
                  "a load scale must be positive");
}

Result<std::optional<TraceTask>> LoadedReader::next() {
  if (!started_) {
    started_ = true;
    HEADROOM_TRY(ahead_, trace_->next());
    ahead_place_ = trace_->place();
    copy_ = scale_.copies;
  }
  if (copy_ == scale_.copies) {
    row_ = std::move(ahead_);
    row_place_ = ahead_place_;
    ahead_.reset();
    copy_ = 0;
    if (!row_) {
      copy_ = scale_.copies;
      return std::nullopt;
    }
    HEADROOM_TRY(ahead_, trace_->next());
    ahead_place_ = trace_->place();
    HEADROOM_TRY(const Duration lifetime, lifetime_of(*row_, row_place_));
    row_->lifetime = stretched(lifetime, scale_.stretch_nano);
    if (row_->declared) row_->declared = stretched(*row_->declared, scale_.stretch_nano);
  }
  TraceTask task = *row_;
  if (ahead_) {
    const Duration gap = ahead_->arrival - row_->arrival;
    task.arrival += Duration(mul_div_floor(gap.count(), copy_, scale_.copies));
  }
  if (copy_ > 0) {
    const std::string suffix = fmt::format("~{}", copy_ + 1);
    task.name += suffix;
    if (!task.group.empty()) task.group += suffix;
  }
  ++copy_;
  return task;
}

}  // namespace headroom
