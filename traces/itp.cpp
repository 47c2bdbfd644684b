#include "traces/itp.hpp"

#include "traces/csv.hpp"
#include "traces/limits.hpp"

#include <array>
#include <utility>

namespace headroom {
namespace {

const std::array<std::string, 4> kColumns{"job_id", "submission_time", "duration", "num_gpu"};

class ItpJobs final : public TaskReader {
 public:
  explicit ItpJobs(CsvReader rows)
      : rows_(std::move(rows)),
        name_(rows_.column("job_id")),
        submission_(rows_.column("submission_time")),
        duration_(rows_.column("duration")),
        gpus_(rows_.column("num_gpu")) {}

  Result<std::optional<TraceTask>> next() override {
    HEADROOM_TRY(const bool more, rows_.next());
    if (!more) return std::nullopt;
    TraceTask task;
    HEADROOM_TRY(task.name, rows_.name(name_));
    HEADROOM_TRY(const Duration submission, rows_.seconds(submission_));
    task.arrival = SimTime(submission);
    HEADROOM_CHECK(order_.check(task.arrival, rows_.place(submission_)));
    HEADROOM_TRY(task.lifetime, rows_.seconds(duration_));
    HEADROOM_TRY(const std::int64_t gpus, rows_.integer(gpus_, {0, kMaxTaskGpus}));
    task.gpus = static_cast<int>(gpus);
    return task;
  }

 private:
  CsvReader rows_;
  ArrivalOrder order_;
  std::size_t name_;
  std::size_t submission_;
  std::size_t duration_;
  std::size_t gpus_;
};

}  // namespace

std::span<const std::string> itp_columns() { return kColumns; }

Result<std::unique_ptr<TaskReader>> open_itp(const std::filesystem::path& file) {
  HEADROOM_TRY(auto rows, CsvReader::open(file, "an ITP job list", kColumns));
  return std::make_unique<ItpJobs>(std::move(rows));
}

}  // namespace headroom
