#pragma once
// Jobs of the Muri scheduler's traces, taken by their publishers from Philly.
//
// Columns job_id, num_gpu, submit_time, duration, and of what was made up for the paper
// iteration_time, by which the list is told from Tiresias's. Times are MILLISECONDS; the rest is
// passed over. Source: github.com/Rivendile/Muri (Zhao et al., SIGCOMM 2022).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

[[nodiscard]] std::span<const std::string> muri_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_muri(const std::filesystem::path& file,
                                                            const RowRules& rules = {});

}  // namespace headroom
