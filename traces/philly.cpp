#include "traces/philly.hpp"

#include "traces/csv_tasks.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 5> kColumns{"timestamp", "duration", "num_gpus", "gpu_time",
                                          "cluster"};

class PhillyJobs final : public CsvTasks {
 public:
  PhillyJobs(CsvReader rows, const RowRules& rules)
      : CsvTasks(std::move(rows), "timestamp", rules, true),
        stamp_(column("timestamp")),
        duration_(column("duration")),
        gpus_(column("num_gpus")),
        cluster_(column("cluster")) {}

 protected:
  Status read(const CsvReader& from, TraceTask& task) override {
    task.name = fmt::format("job-{}", from.place().line - 1);
    HEADROOM_TRY(task.arrival, from.wall_clock(stamp_));
    HEADROOM_TRY(task.lifetime, from.seconds(duration_));
    HEADROOM_TRY(task.gpus, whole_gpus(from, gpus_));
    task.tenant = from.field(cluster_);
    return {};
  }

 private:
  std::size_t stamp_;
  std::size_t duration_;
  std::size_t gpus_;
  std::size_t cluster_;
};

}  // namespace

std::span<const std::string> philly_columns() { return kColumns; }

Result<std::unique_ptr<TaskReader>> open_philly(const std::filesystem::path& file,
                                                const RowRules& rules) {
  HEADROOM_TRY(auto rows,
               CsvReader::open(file, "the Philly job list of the Pollux artifact", kColumns));
  return std::make_unique<PhillyJobs>(std::move(rows), rules);
}

}  // namespace headroom
