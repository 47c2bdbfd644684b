#include "traces/openb_pods.hpp"

#include "traces/csv.hpp"
#include "traces/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 5> kPodColumns{"name", "cpu_milli", "memory_mib", "num_gpu",
                                             "gpu_milli"};
const std::array<std::string, 3> kTimeColumns{"creation_time", "deletion_time", "scheduled_time"};

class OpenbPods final : public TaskReader {
 public:
  explicit OpenbPods(CsvReader rows)
      : rows_(std::move(rows)),
        name_(rows_.column("name")),
        cpu_milli_(rows_.column("cpu_milli")),
        memory_mib_(rows_.column("memory_mib")),
        num_gpu_(rows_.column("num_gpu")),
        gpu_milli_(rows_.column("gpu_milli")),
        gpu_spec_(rows_.find_column("gpu_spec")),
        creation_(rows_.column("creation_time")),
        deletion_(rows_.column("deletion_time")),
        scheduled_(rows_.column("scheduled_time")) {}

  Result<std::optional<TraceTask>> next() override {
    HEADROOM_TRY(const bool more, rows_.next());
    if (!more) return std::nullopt;
    TraceTask task;
    HEADROOM_TRY(task.name, rows_.name(name_));
    HEADROOM_TRY(task.cpu_milli, rows_.integer(cpu_milli_, {0, kMaxCpuMilli}));
    HEADROOM_TRY(const std::int64_t mib, rows_.integer(memory_mib_, {0, kMaxRam / kMiB}));
    task.ram = mib * kMiB;
    HEADROOM_CHECK(read_gpus(task));
    HEADROOM_CHECK(read_times(task));
    if (gpu_spec_) task.gpu_types = split_types(rows_.field(*gpu_spec_));
    return task;
  }

 private:
  Status read_gpus(TraceTask& task) {
    HEADROOM_TRY(const std::int64_t gpus, rows_.integer(num_gpu_, {0, kMaxTaskGpus}));
    HEADROOM_TRY(const std::int64_t milli, rows_.integer(gpu_milli_, {0, 1000}));
    task.gpus = static_cast<int>(gpus);
    if (gpus == 0 && milli != 0) {
      return fail(fmt::format("gpu_milli is {}, but num_gpu is 0", milli), rows_.place(gpu_milli_),
                  "a task without GPUs has gpu_milli 0");
    }
    if (gpus == 1 && milli == 0) {
      return fail("gpu_milli is 0, but num_gpu is 1", rows_.place(gpu_milli_),
                  "the share of one GPU is from 1 to 1000");
    }
    if (gpus > 1 && milli != 1000) {
      return fail(fmt::format("gpu_milli is {}, but num_gpu is {}", milli, gpus),
                  rows_.place(gpu_milli_), "only a task of one GPU can ask for a share of it");
    }
    if (gpus == 1) task.milli = static_cast<int>(milli);
    return {};
  }

  Status read_times(TraceTask& task) {
    HEADROOM_TRY(const Duration creation, rows_.seconds(creation_));
    HEADROOM_TRY(const Duration deletion, rows_.seconds(deletion_));
    Duration start = creation;
    if (!rows_.field(scheduled_).empty()) {
      HEADROOM_TRY(start, rows_.seconds(scheduled_));
      if (start < creation) {
        return fail(fmt::format("scheduled_time {} is before creation_time {}", seconds_text(start),
                                seconds_text(creation)),
                    rows_.place(scheduled_));
      }
    }
    if (deletion < start) {
      return fail(fmt::format("deletion_time {} is before the pod's start at {}",
                              seconds_text(deletion), seconds_text(start)),
                  rows_.place(deletion_));
    }
    task.arrival = SimTime(creation);
    task.lifetime = deletion - start;
    return order_.check(task.arrival, rows_.place(creation_));
  }

  /// "V100M16|V100M32|V100M32": published lists repeat models.
  static std::vector<std::string> split_types(std::string_view text) {
    std::vector<std::string> types;
    while (!text.empty()) {
      const std::size_t bar = std::min(text.find('|'), text.size());
      if (bar > 0) types.emplace_back(text.substr(0, bar));
      text.remove_prefix(std::min(bar + 1, text.size()));
    }
    std::sort(types.begin(), types.end());
    types.erase(std::unique(types.begin(), types.end()), types.end());
    return types;
  }

  CsvReader rows_;
  ArrivalOrder order_;
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

Result<std::unique_ptr<TaskReader>> open_openb_pods(const std::filesystem::path& file) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "an openb pod list", kPodColumns));
  for (const std::string& wanted : kTimeColumns) {
    if (!rows.find_column(wanted)) {
      return fail(fmt::format("this openb pod list has no times: there is no column '{}'", wanted),
                  rows.place(),
                  "a replay needs times; take a list that has them, such as the default one");
    }
  }
  return std::make_unique<OpenbPods>(std::move(rows));
}

}  // namespace headroom
