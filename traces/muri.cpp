#include "traces/muri.hpp"

#include "traces/csv_tasks.hpp"

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 5> kColumns{"job_id", "num_gpu", "submit_time", "duration",
                                          "iteration_time"};

class MuriJobs final : public CsvTasks {
 public:
  MuriJobs(CsvReader rows, const RowRules& rules)
      : CsvTasks(std::move(rows), "submit_time", rules),
        name_(column("job_id")),
        arrival_(column("submit_time")),
        duration_(column("duration")),
        gpus_(column("num_gpu")) {}

 protected:
  Status read(const CsvReader& from, TraceTask& task) override {
    HEADROOM_TRY(task.name, from.name(name_));
    HEADROOM_TRY(const Duration arrival, from.milliseconds(arrival_));
    task.arrival = SimTime(arrival);
    HEADROOM_TRY(task.lifetime, from.milliseconds(duration_));
    HEADROOM_TRY(task.gpus, whole_gpus(from, gpus_));
    return {};
  }

 private:
  std::size_t name_;
  std::size_t arrival_;
  std::size_t duration_;
  std::size_t gpus_;
};

}  // namespace

std::span<const std::string> muri_columns() { return kColumns; }

Result<std::unique_ptr<TaskReader>> open_muri(const std::filesystem::path& file,
                                              const RowRules& rules) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "a Muri job list", kColumns));
  return std::make_unique<MuriJobs>(std::move(rows), rules);
}

}  // namespace headroom
