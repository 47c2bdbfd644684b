#include "traces/elasticflow.hpp"

#include "traces/csv_tasks.hpp"

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 5> kColumns{"job_id", "submit_time", "ddl", "num_gpu", "duration"};

class ElasticFlowJobs final : public CsvTasks {
 public:
  ElasticFlowJobs(CsvReader rows, const RowRules& rules)
      : CsvTasks(std::move(rows), "submit_time", rules),
        name_(column("job_id")),
        arrival_(column("submit_time")),
        duration_(column("duration")),
        gpus_(column("num_gpu")) {}

 protected:
  Status read(const CsvReader& from, TraceTask& task) override {
    HEADROOM_TRY(task.name, from.name(name_));
    HEADROOM_TRY(const Duration arrival, from.seconds(arrival_));
    task.arrival = SimTime(arrival);
    HEADROOM_TRY(task.lifetime, from.seconds(duration_));
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

std::span<const std::string> elasticflow_columns() { return kColumns; }

Result<std::unique_ptr<TaskReader>> open_elasticflow(const std::filesystem::path& file,
                                                     const RowRules& rules) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "an ElasticFlow job list", kColumns));
  return std::make_unique<ElasticFlowJobs>(std::move(rows), rules);
}

}  // namespace headroom
