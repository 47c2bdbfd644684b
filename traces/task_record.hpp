#pragma once
// A task as bytes and back, for the temporary files of a sort: this program reads what it wrote.

#include "traces/task.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace headroom {

struct RecordedTask {
  TraceTask task;
  std::int64_t line = 0;  // of its file, for error messages
};

/// All fields but the arrival, which is the key of the sort.
[[nodiscard]] std::string task_record(const TraceTask& task, std::int64_t line);
/// Precondition: `record` is of task_record.
[[nodiscard]] RecordedTask task_of_record(std::string_view record);

}  // namespace headroom
