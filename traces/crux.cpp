#include "traces/crux.hpp"

#include "traces/csv_tasks.hpp"

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 6> kColumns{"job id", "arrival time (sec)", "topology", "shape",
                                          "size",   "duration (sec)"};

class CruxJobs final : public CsvTasks {
 public:
  CruxJobs(CsvReader rows, const RowRules& rules)
      : CsvTasks(std::move(rows), "arrival time (sec)", rules),
        name_(column("job id")),
        arrival_(column("arrival time (sec)")),
        gpus_(column("size")),
        duration_(column("duration (sec)")) {}

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
  std::size_t gpus_;
  std::size_t duration_;
};

}  // namespace

std::span<const std::string> crux_columns() { return kColumns; }

Result<std::unique_ptr<TaskReader>> open_crux(const std::filesystem::path& file,
                                              const RowRules& rules) {
  HEADROOM_TRY(auto rows,
               CsvReader::open(file, "a job list in the six columns of RFold", kColumns));
  return std::make_unique<CruxJobs>(std::move(rows), rules);
}

}  // namespace headroom
