#pragma once
// Tasks as CSV, one a row: headroom's own columns, for spreadsheets and for other programs.
//
//   id             name of the task
//   arrival_s      decimal seconds from the start of the trace
//   lifetime_s     likewise; empty = not known
//   gpus           whole GPUs; 0 = CPU only
//   gpu_milli      thousandths of the GPU; below 1000 only with gpus = 1
//   cpu_milli      thousandths of a vCPU, of the whole task
//   ram_bytes      of the whole task
//   gpu_types      allowed types joined by '|'; empty = any
//   tenant         user, group or virtual cluster; empty = not said
//   declared_s     what the requester said it would take; empty = nothing
//   cut_off        1 where the task began before the trace or outlived it, else 0
//   priority       higher is more urgent; empty = 0
// Only id, arrival_s, lifetime_s and gpus have to be there.

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

[[nodiscard]] std::span<const std::string> task_csv_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_task_csv(const std::filesystem::path& file,
                                                                const RowRules& rules = {});

/// All columns, without a line end.
[[nodiscard]] std::string task_csv_header();
/// One task, without a line end: reads back equal. Error: a line end in a text, or '|' in a type.
[[nodiscard]] Result<std::string> task_csv_line(const TraceTask& task);

}  // namespace headroom
