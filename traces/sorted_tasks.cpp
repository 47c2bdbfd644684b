#include "traces/sorted_tasks.hpp"

#include "traces/external_sort.hpp"
#include "traces/task_record.hpp"

#include <utility>

namespace headroom {
namespace {

class SortedReader final : public TaskReader {
 public:
  SortedReader(std::unique_ptr<ExternalSort> sort, std::string file, bool wall_clock)
      : sort_(std::move(sort)), file_(std::move(file)), wall_clock_(wall_clock) {}

  Result<std::optional<TraceTask>> next() override {
    HEADROOM_TRY(const auto record, sort_->next());
    if (!record) return std::nullopt;
    if (wall_clock_ && !started_) origin_ = record->key;
    started_ = true;
    RecordedTask row = task_of_record(record->payload);
    line_ = row.line;
    row.task.arrival = SimTime(Duration(record->key - origin_));
    return std::move(row.task);
  }

  [[nodiscard]] SourcePlace place() const override { return {file_, line_, 1}; }

 private:
  std::unique_ptr<ExternalSort> sort_;
  std::string file_;
  bool wall_clock_;
  bool started_ = false;
  std::int64_t line_ = 0;  // of the row given last
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
    HEADROOM_CHECK(sort->add(task->arrival.time_since_epoch().count(),
                             task_record(*task, rows->place().line)));
  }
  HEADROOM_CHECK(sort->finish());
  out.tasks = std::make_unique<SortedReader>(std::move(sort), file.string(), format.wall_clock);
  return out;
}

}  // namespace headroom
