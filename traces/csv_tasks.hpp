#pragma once
// Tasks from CSV files: what a format derives from (docs/add-a-trace-reader.md).

#include "traces/csv_rows.hpp"
#include "traces/limits.hpp"
#include "traces/task.hpp"

namespace headroom {

class CsvTasks : public CsvRows<TaskReader, TraceTask> {
 public:
  using CsvRows::CsvRows;

 protected:
  /// A number of whole GPUs. Error: not an integer from 0 to kMaxTaskGpus.
  [[nodiscard]] static Result<int> whole_gpus(const CsvReader& from, std::size_t column) {
    HEADROOM_TRY(const std::int64_t gpus, from.integer(column, {0, kMaxTaskGpus}));
    return static_cast<int>(gpus);
  }
  /// "V100M16|V100M32|V100M32" sorted and without repetitions, which published lists have.
  [[nodiscard]] static std::vector<std::string> split_types(std::string_view text);
};

}  // namespace headroom
