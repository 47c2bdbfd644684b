#include "traces/sorted_tasks.hpp"

#include "traces/external_sort.hpp"
#include "traces/task_record.hpp"

#include <utility>

namespace headroom {
namespace {

class SortedReader final : public TaskReader {
 public:
  SortedReader(std::unique_ptr<ExternalSort> sort, bool wall_clock)
      : sort_(std::move(sort)), wall_clock_(wall_clock) {}

  Result<std::optional<TraceTask>> next() override {
    HEADROOM_TRY(const auto record, sort_->next());
    if (!record) return std::nullopt;
    if (wall_clock_ && !started_) origin_ = record->key;
    started_ = true;
    TraceTask task = task_of_record(record->payload);
    task.arrival = SimTime(Duration(record->key - origin_));
    return task;
  }

 private:
  std::unique_ptr<ExternalSort> sort_;
  bool wall_clock_;
  bool started_ = false;
  std::int64_t origin_ = 0;
};

}  // namespace

Result<SortedTasks> open_sorted_tasks(const TaskFormat& format, const std::filesystem::path& file,
                                      const RowRules& rules, const SortLimits& limits) {
  // Bad rows are noted when the rows are given out, not in the look at their order.
  RowRules looking{RowOrder::any, rules.skipped ? std::make_shared<SkippedRows>() : nullptr};
  HEADROOM_TRY(const auto first_pass, format.open_tasks(file, looking));
  HEADROOM_TRY(const bool sorted, in_order(*first_pass));
  SortedTasks out;
  out.was_sorted = sorted;
  if (sorted) {
    HEADROOM_TRY(out.tasks, format.open_tasks(file, {RowOrder::by_arrival, rules.skipped}));
    return out;
  }
  HEADROOM_TRY(const auto rows, format.open_tasks(file, {RowOrder::any, rules.skipped}));
  auto sort = std::make_unique<ExternalSort>(limits.memory, limits.folder);
  while (true) {
    HEADROOM_TRY(const auto task, rows->next());
    if (!task) break;
    HEADROOM_CHECK(sort->add(task->arrival.time_since_epoch().count(), task_record(*task)));
  }
  HEADROOM_CHECK(sort->finish());
  out.tasks = std::make_unique<SortedReader>(std::move(sort), format.wall_clock);
  return out;
}

}  // namespace headroom
