#include "traces/pollux.hpp"

#include "traces/csv_tasks.hpp"

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 5> kColumns{"name", "time", "application", "num_replicas",
                                          "batch_size"};

class PolluxJobs final : public CsvTasks {
 public:
  PolluxJobs(CsvReader rows, const RowRules& rules)
      : CsvTasks(std::move(rows), "time", rules),
        name_(column("name")),
        arrival_(column("time")),
        application_(column("application")),
        gpus_(column("num_replicas")) {}

 protected:
  Status read(const CsvReader& from, TraceTask& task) override {
    HEADROOM_TRY(task.name, from.name(name_));
    HEADROOM_TRY(const Duration arrival, from.seconds(arrival_));
    task.arrival = SimTime(arrival);
    HEADROOM_TRY(task.gpus, whole_gpus(from, gpus_));
    task.tenant = from.field(application_);
    return {};
  }

 private:
  std::size_t name_;
  std::size_t arrival_;
  std::size_t application_;
  std::size_t gpus_;
};

}  // namespace

std::span<const std::string> pollux_columns() { return kColumns; }

Result<std::unique_ptr<TaskReader>> open_pollux(const std::filesystem::path& file,
                                                const RowRules& rules) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "a Pollux workload", kColumns));
  return std::make_unique<PolluxJobs>(std::move(rows), rules);
}

}  // namespace headroom
