#include "study/trace_stats.hpp"

#include <memory>

namespace headroom {
namespace {

RowRules rules_of(bool skip) {
  return {RowOrder::by_arrival, skip ? std::make_shared<SkippedRows>() : nullptr};
}

constexpr double kNanosPerHour = 3.6e12;

}  // namespace

void TaskStats::add(const TraceTask& task) {
  const bool share = task.gpus == 1 && task.milli < 1000;
  const std::int64_t milli = std::int64_t{task.gpus} * task.milli;
  ++tasks;
  arrivals.add(task.arrival);
  if (!task.gpu_types.empty()) ++with_types;
  if (!task.tenant.empty()) tenants.add(task.tenant);
  gpu_milli += milli;
  cpu_milli += task.cpu_milli;
  ram += task.ram;
  int size = share ? kShare : task.gpus;
  if (sizes.size() >= kMostSizes && !sizes.contains(size)) size = kOtherSizes;
  SizeFigures& of_size = sizes[size];
  ++of_size.tasks;
  if (task.cut_off) ++cut_off;
  if (!task.lifetime) {
    ++without_lifetime;
    return;
  }
  const Duration lifetime = *task.lifetime;
  if (!task.cut_off) {
    lifetimes.add(lifetime.count());
    if (lifetime == Duration::zero()) ++zero_lifetimes;
    if (lifetime < std::chrono::minutes(1)) ++below_minute;
  }
  gpu_time += Int128{milli} * lifetime.count();
  of_size.gpu_time += Int128{milli} * lifetime.count();
  if (milli > 0) concurrency.add(task.arrival, lifetime, milli);
}

double TaskStats::mean_gpus() const {
  const double hours = static_cast<double>(gpu_time) / 1000.0 / kNanosPerHour;
  const double span = to_seconds(arrivals.span()) / 3600.0;
  return span > 0.0 ? hours / span : 0.0;
}

void TokenStats::add(const TokenRequest& request) {
  ++requests;
  arrivals.add(request.arrival);
  input.add(request.input_tokens);
  output.add(request.output_tokens);
  if (request.duration) {
    durations.add(request.duration->count());
  } else {
    ++without_duration;
  }
  if (!request.model.empty()) models.add(request.model);
}

Result<TaskStats> task_stats(const TaskFormat& format, const std::filesystem::path& file, bool skip,
                             const SortLimits& limits) {
  const RowRules rules = rules_of(skip);
  HEADROOM_TRY(const SortedTasks trace, open_sorted_tasks(format, file, rules, limits));
  TaskStats stats;
  stats.was_sorted = trace.was_sorted;
  while (true) {
    HEADROOM_TRY(const auto task, trace.tasks->next());
    if (!task) break;
    stats.add(*task);
  }
  if (rules.skipped) stats.skipped = *rules.skipped;
  return stats;
}

Result<TokenStats> token_stats(const TokenFormat& format, const std::filesystem::path& file,
                               bool skip) {
  const RowRules rules = rules_of(skip);
  HEADROOM_TRY(const auto reader, format.open(file, rules));
  TokenStats stats;
  while (true) {
    HEADROOM_TRY(const auto request, reader->next());
    if (!request) break;
    stats.add(*request);
  }
  if (rules.skipped) stats.skipped = *rules.skipped;
  return stats;
}

}  // namespace headroom
