#pragma once
// A task as bytes and back, for the temporary files of a sort: this program reads what it wrote.

#include "traces/task.hpp"

#include <string>
#include <string_view>

namespace headroom {

/// All fields but the arrival, which is the key of the sort.
[[nodiscard]] std::string task_record(const TraceTask& task);
/// Precondition: `record` is of task_record.
[[nodiscard]] TraceTask task_of_record(std::string_view record);

}  // namespace headroom
