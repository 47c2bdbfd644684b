#include "traces/dlrm.hpp"

#include "traces/csv_tasks.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 8> kColumns{"instance_sn",    "app_name",       "cpu_request",
                                          "gpu_request",    "memory_request", "creation_time",
                                          "scheduled_time", "deletion_time"};

constexpr Duration kTraceEnd = std::chrono::hours{24 * 31};

class DlrmInstances final : public CsvTasks {
 public:
  DlrmInstances(CsvReader rows, const RowRules& rules)
      : CsvTasks(std::move(rows), "creation_time", rules),
        name_(column("instance_sn")),
        app_(column("app_name")),
        cpus_(column("cpu_request")),
        gpus_(column("gpu_request")),
        memory_(column("memory_request")),
        creation_(column("creation_time")),
        scheduled_(column("scheduled_time")),
        deletion_(column("deletion_time")) {}

 protected:
  Status read(const CsvReader& from, TraceTask& task) override {
    HEADROOM_TRY(task.name, from.name(name_));
    task.tenant = from.field(app_);
    HEADROOM_TRY(const std::int64_t cpus, from.integer(cpus_, {0, kMaxCpuMilli / 1000}));
    task.cpu_milli = 1000 * cpus;
    HEADROOM_TRY(task.gpus, whole_gpus(from, gpus_));
    HEADROOM_TRY(task.ram, from.gib(memory_, kMaxRam));
    HEADROOM_CHECK(read_times(from, task));
    return {};
  }

 private:
  Status read_times(const CsvReader& from, TraceTask& task) const {
    Duration creation{};
    Duration start{};
    Duration end = kTraceEnd;
    if (!from.empty(creation_)) {
      HEADROOM_TRY(creation, from.seconds(creation_));
    }
    if (!from.empty(scheduled_)) {
      HEADROOM_TRY(start, from.seconds(scheduled_));
    } else {
      start = creation;
    }
    if (!from.empty(deletion_)) {
      HEADROOM_TRY(end, from.seconds(deletion_));
    }
    if (start < creation) {
      return fail(fmt::format("scheduled_time {} is before creation_time {}", seconds_text(start),
                              seconds_text(creation)),
                  from.place(scheduled_));
    }
    if (end < start) {
      return fail(fmt::format("{} {} is before the instance's start at {}",
                              from.empty(deletion_) ? "the end of the trace" : "deletion_time",
                              seconds_text(end), seconds_text(start)),
                  from.place(deletion_));
    }
    task.arrival = SimTime(creation);
    task.lifetime = end - start;
    task.cut_off = from.empty(creation_) || from.empty(deletion_);
    return {};
  }

  std::size_t name_;
  std::size_t app_;
  std::size_t cpus_;
  std::size_t gpus_;
  std::size_t memory_;
  std::size_t creation_;
  std::size_t scheduled_;
  std::size_t deletion_;
};

}  // namespace

std::span<const std::string> dlrm_columns() { return kColumns; }

Result<std::unique_ptr<TaskReader>> open_dlrm(const std::filesystem::path& file,
                                              const RowRules& rules) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "a DLRM instance list", kColumns));
  return std::make_unique<DlrmInstances>(std::move(rows), rules);
}

}  // namespace headroom
