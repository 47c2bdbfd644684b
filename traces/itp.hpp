#pragma once
// Jobs of Microsoft's ITP training clusters of 2021, as tasks.
//
// Columns job_id, submission_time, duration, num_gpu; others (the deadlines and models that the
// publishers drew at random) are passed over. Seconds from 2021-03-04. Jobs are gangs of whole
// GPUs; the traces record no CPU and no memory. Source: github.com/microsoft/elasticflow-traces (Gu
// et al., ASPLOS 2023).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

[[nodiscard]] std::span<const std::string> itp_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_itp(const std::filesystem::path& file,
                                                           const RowRules& rules = {});

}  // namespace headroom
