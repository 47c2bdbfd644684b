#include "traces/openb_pods.hpp"

#include "traces/csv_tasks.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 5> kPodColumns{"name", "cpu_milli", "memory_mib", "num_gpu",
                                             "gpu_milli"};
const std::array<std::string, 3> kTimeColumns{"creation_time", "deletion_time", "scheduled_time"};

class OpenbPods final : public CsvTasks {
 public:
  OpenbPods(CsvReader rows, const RowRules& rules)
      : CsvTasks(std::move(rows), "creation_time", rules),
        name_(column("name")),
        cpu_milli_(column("cpu_milli")),
        memory_mib_(column("memory_mib")),
        num_gpu_(column("num_gpu")),
        gpu_milli_(column("gpu_milli")),
        gpu_spec_(find_column("gpu_spec")),
        creation_(column("creation_time")),
        deletion_(column("deletion_time")),
        scheduled_(column("scheduled_time")) {}

 protected:
  Status read(const CsvReader& from, TraceTask& task) override {
    HEADROOM_TRY(task.name, from.name(name_));
    HEADROOM_TRY(task.cpu_milli, from.integer(cpu_milli_, {0, kMaxCpuMilli}));
    HEADROOM_TRY(const std::int64_t mib, from.integer(memory_mib_, {0, kMaxRam / kMiB}));
    task.ram = mib * kMiB;
    HEADROOM_CHECK(read_gpus(from, task));
    if (gpu_spec_) task.gpu_types = split_types(from.field(*gpu_spec_));
    return read_times(from, task);
  }

 private:
  Status read_gpus(const CsvReader& from, TraceTask& task) const {
    HEADROOM_TRY(task.gpus, whole_gpus(from, num_gpu_));
    HEADROOM_TRY(const std::int64_t milli, from.integer(gpu_milli_, {0, 1000}));
    if (task.gpus == 0 && milli != 0) {
      return fail(fmt::format("gpu_milli is {}, but num_gpu is 0", milli), from.place(gpu_milli_),
                  "a task without GPUs has gpu_milli 0");
    }
    if (task.gpus == 1 && milli == 0) {
      return fail("gpu_milli is 0, but num_gpu is 1", from.place(gpu_milli_),
                  "the share of one GPU is from 1 to 1000");
    }
    if (task.gpus > 1 && milli != 1000) {
      return fail(fmt::format("gpu_milli is {}, but num_gpu is {}", milli, task.gpus),
                  from.place(gpu_milli_), "only a task of one GPU can ask for a share of it");
    }
    if (task.gpus == 1) task.milli = static_cast<int>(milli);
    return {};
  }

  Status read_times(const CsvReader& from, TraceTask& task) const {
    HEADROOM_TRY(const Duration creation, from.seconds(creation_));
    HEADROOM_TRY(const Duration deletion, from.seconds(deletion_));
    Duration start = creation;
    if (!from.empty(scheduled_)) {
      HEADROOM_TRY(start, from.seconds(scheduled_));
      if (start < creation) {
        return fail(fmt::format("scheduled_time {} is before creation_time {}", seconds_text(start),
                                seconds_text(creation)),
                    from.place(scheduled_));
      }
    }
    if (deletion < start) {
      return fail(fmt::format("deletion_time {} is before the pod's start at {}",
                              seconds_text(deletion), seconds_text(start)),
                  from.place(deletion_));
    }
    task.arrival = SimTime(creation);
    task.lifetime = deletion - start;
    return {};
  }

  std::size_t name_;
  std::size_t cpu_milli_;
  std::size_t memory_mib_;
  std::size_t num_gpu_;
  std::size_t gpu_milli_;
  std::optional<std::size_t> gpu_spec_;
  std::size_t creation_;
  std::size_t deletion_;
  std::size_t scheduled_;
};

}  // namespace

std::span<const std::string> openb_pod_columns() { return kPodColumns; }

Result<std::unique_ptr<TaskReader>> open_openb_pods(const std::filesystem::path& file,
                                                    const RowRules& rules) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "an openb pod list", kPodColumns));
  for (const std::string& wanted : kTimeColumns) {
    if (!rows.find_column(wanted)) {
      return fail(fmt::format("this openb pod list has no times: there is no column '{}'", wanted),
                  rows.place(),
                  "a replay needs times; take a list that has them, such as the default one");
    }
  }
  return std::make_unique<OpenbPods>(std::move(rows), rules);
}

}  // namespace headroom
