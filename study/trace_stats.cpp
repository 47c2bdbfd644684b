#include "study/trace_stats.hpp"

#include <memory>

namespace headroom {
namespace {

RowRules rules_of(bool skip) {
  return {RowOrder::by_arrival, skip ? std::make_shared<SkippedRows>() : nullptr};
}

template <class Rows, class Stats>
Status add_all(Rows& rows, Stats& stats) {
  while (true) {
    HEADROOM_TRY(const auto row, rows.next());
    if (!row) return {};
    stats.add(*row);
  }
}

}  // namespace

void TaskStats::add_common(SimTime arrival, std::int64_t cpus, Bytes memory, bool names_types) {
  ++tasks;
  arrivals.add(arrival);
  cpu_milli += cpus;
  ram += memory;
  if (names_types) ++with_types;
}

SizeFigures& TaskStats::of_size(int size) {
  const bool room = sizes.size() < kMostSizes || sizes.contains(size);
  return sizes[room ? size : kOtherSizes];
}

void TaskStats::add_lifetime(Duration lifetime) {
  lifetimes.add(lifetime.count());
  if (lifetime == Duration::zero()) ++zero_lifetimes;
  if (lifetime < std::chrono::minutes(1)) ++below_minute;
}

void TaskStats::add(const TraceTask& task) {
  add_common(task.arrival, task.cpu_milli, task.ram, !task.gpu_types.empty());
  if (!task.tenant.empty()) tenants.add(task.tenant);
  const std::int64_t milli = std::int64_t{task.gpus} * task.milli;
  gpu_milli += milli;
  SizeFigures& alike = of_size(task.gpus == 1 && task.milli < 1000 ? kShare : task.gpus);
  ++alike.tasks;
  if (task.cut_off) ++cut_off;
  if (!task.lifetime) {
    ++without_lifetime;
    return;
  }
  if (!task.cut_off) add_lifetime(*task.lifetime);
  gpu_time += Int128{milli} * task.lifetime->count();
  alike.gpu_time += Int128{milli} * task.lifetime->count();
  if (milli > 0) concurrency.add(task.arrival, *task.lifetime, milli);
}

void TaskStats::add(const Request& request) {
  const RequestShape& shape = request.shape;
  if (shape.kind() == RequestKind::opaque) {
    TraceTask task;
    task.arrival = request.arrival;
    task.lifetime = request.lifetime;
    task.gpus = shape.opaque().gpus;
    task.milli = shape.opaque().milli;
    task.cpu_milli = shape.cpu_milli;
    task.ram = shape.ram;
    task.gpu_types = shape.allowed_gpus;
    add(task);
    return;
  }
  add_common(request.arrival, shape.cpu_milli, shape.ram, !shape.allowed_gpus.empty());
  ++of_size(kDeployment).tasks;
  models.add(shape.llm().model->name);
  add_lifetime(request.lifetime);
}

double TaskStats::offered_gpus() const { return headroom::offered_gpus(gpu_time, arrivals.span()); }

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
  TaskStats stats;
  if (format.open_requests != nullptr) {
    HEADROOM_TRY(const auto requests, format.open_requests(file, rules));
    HEADROOM_CHECK(add_all(*requests, stats));
  } else {
    HEADROOM_TRY(const SortedTasks trace, open_sorted_tasks(format, file, rules, limits));
    stats.was_sorted = trace.was_sorted;
    HEADROOM_CHECK(add_all(*trace.tasks, stats));
  }
  if (rules.skipped) stats.skipped = *rules.skipped;
  return stats;
}

Result<TokenStats> token_stats(const TokenFormat& format, const std::filesystem::path& file,
                               bool skip) {
  const RowRules rules = rules_of(skip);
  HEADROOM_TRY(const auto reader, format.open(file, rules));
  TokenStats stats;
  HEADROOM_CHECK(add_all(*reader, stats));
  if (rules.skipped) stats.skipped = *rules.skipped;
  return stats;
}

}  // namespace headroom
