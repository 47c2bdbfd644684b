#pragma once
// The Standard Workload Format: one job a line, 18 fields between blanks, ';' before comments.
//
//   2 submit s                       arrival; a decimal is taken as well as an integer
//   4 run s                          lifetime; -1 = not known
//   5 processors, else 8 requested   whole GPUs: a processor stands for a GPU
//   9 requested s                    declared; -1 = none
//   10 requested KB a processor      memory, times the processors; -1 = none
//   12 user                          tenant; -1 = none
// -1 is "not known" in every field; the others are checked to be numbers and passed over. Lines of
// comments may stand anywhere; jobs need not be sorted in the file, but a run needs them sorted.
// Definition: the Parallel Workloads Archive's, version 2.2 (Feitelson).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace headroom {

/// Whether a first line is a comment, or 18 numbers between blanks.
[[nodiscard]] bool looks_like_swf(std::string_view line);

/// Error: as LineReader::open. Rows: not 18 fields, a bad or unsorted value, no processors.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_swf(const std::filesystem::path& file,
                                                           const RowRules& rules = {});

/// Comments for the top of a file, each line with its end.
[[nodiscard]] std::string swf_header();
/// One job as line `number`, without its end: fields 1, 2, 4, 5, 8, 9, 10 and 11, the others -1.
/// Error: a share of a GPU or no GPU, which the format cannot say.
[[nodiscard]] Result<std::string> swf_line(const TraceTask& task, std::int64_t number);

}  // namespace headroom
