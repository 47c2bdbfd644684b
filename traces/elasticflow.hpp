#pragma once
// Jobs of the ElasticFlow scheduler's samples, taken by their publishers from Philly.
//
// Columns job_id, submit_time, num_gpu, duration in seconds, and ddl, by which the list is known;
// models, iterations and deadlines were made up for the paper and are passed over.
// Source: github.com/pkusys/ElasticFlow (Gu et al., ASPLOS 2023).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

[[nodiscard]] std::span<const std::string> elasticflow_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_elasticflow(
    const std::filesystem::path& file, const RowRules& rules = {});

}  // namespace headroom
