#include "study/trace_fit/trace_profile.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace headroom {
namespace {

constexpr std::int64_t kHourNs = 3'600'000'000'000;
constexpr std::int64_t kDayNs = 24 * kHourNs;
constexpr double kMilliNsPerGpuHour = 3.6e15;

void add_moment(TraceProfile& profile, SimTime at, std::int64_t tasks) {
  const std::int64_t since = (at - profile.origin).count();
  ++profile.moments;
  ++profile.batches[tasks];
  ++profile.by_hour[static_cast<std::size_t>(since / kHourNs % 24)];
  ++profile.by_day[static_cast<std::size_t>(since / kDayNs % 7)];
  profile.steps.add(Duration(since));
}

void add_to_band(SizeBand& band, const TaskSize& size, const TraceTask& task, Duration lifetime) {
  ++band.sizes[size];
  band.lifetimes.add(lifetime);
  band.cpu_milli += task.cpu_milli;
  band.ram += task.ram;
  if (lifetime.count() == 0) return;
  const double log = std::log(to_seconds(lifetime));
  ++band.positive;
  band.log_sum += log;
  band.log_squares += log * log;
}

}  // namespace

void StepCounts::add(Duration since_origin) {
  auto step = static_cast<std::size_t>(since_origin.count() / kHourNs / step_h_);
  for (; step >= kMost; step /= 2) {
    step_h_ *= 2;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (i % 2 == 0) {
        counts_[i / 2] = counts_[i];
      } else {
        counts_[i / 2] += counts_[i];
      }
    }
    counts_.resize((counts_.size() + 1) / 2);
  }
  if (step >= counts_.size()) counts_.resize(step + 1);
  ++counts_[step];
}

std::vector<double> StepCounts::counts(std::int64_t step_h) const {
  HEADROOM_ASSERT(step_h >= step_h_ && step_h % step_h_ == 0, "no such step");
  const auto of_each = static_cast<std::size_t>(step_h / step_h_);
  std::vector<double> out((counts_.size() + of_each - 1) / of_each);
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    out[i / of_each] += static_cast<double>(counts_[i]);
  }
  return out;
}

double TraceProfile::gpu_hours() const {
  return static_cast<double>(gpu_milli_ns) / kMilliNsPerGpuHour;
}

double TraceProfile::offered_gpus() const {
  return headroom::offered_gpus(gpu_milli_ns, arrivals.span());
}

std::int64_t TraceProfile::count_of(const TaskSize& size) const {
  const auto band = bands.find(size_band(size));
  if (band == bands.end()) return 0;
  const auto found = band->second.sizes.find(size);
  return found == band->second.sizes.end() ? 0 : found->second;
}

int size_band(const TaskSize& size) {
  if (size.gpus == 0) return 0;
  if (size.milli < 1000) return -1;
  return static_cast<int>(std::bit_ceil(static_cast<unsigned>(size.gpus)));
}

Result<TraceProfile> profile_of(TaskReader& trace) {
  TraceProfile profile;
  std::int64_t at_moment = 0;
  while (true) {
    HEADROOM_TRY(const auto task, trace.next());
    if (!task) break;
    if (!task->lifetime) {
      ++profile.without_lifetime;
      continue;
    }
    const Duration lifetime = *task->lifetime;
    if (profile.tasks == 0) {
      const std::int64_t first = task->arrival.time_since_epoch().count();
      profile.origin = SimTime(Duration(first / kDayNs * kDayNs));
    } else if (task->arrival != profile.arrivals.last()) {
      add_moment(profile, profile.arrivals.last(), at_moment);
      at_moment = 0;
    }
    ++at_moment;
    ++profile.tasks;
    profile.arrivals.add(task->arrival);
    profile.lifetimes.add(lifetime.count());
    const TaskSize size{task->gpus, task->milli};
    add_to_band(profile.bands[size_band(size)], size, *task, lifetime);
    profile.gpu_milli_ns += Int128{lifetime.count()} * task->gpus * task->milli;
  }
  if (profile.tasks > 0) add_moment(profile, profile.arrivals.last(), at_moment);
  return profile;
}

}  // namespace headroom
