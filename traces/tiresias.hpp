#pragma once
// Jobs of the Tiresias simulator's examples.
//
// Columns job_id, num_gpu, submit_time, iterations, model_name, duration, interval; seconds.
// Iterations, model and the interval to the job before are passed over. The mix is synthetic.
// Source: github.com/SymbioticLab/Tiresias (Gu et al., NSDI 2019).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

[[nodiscard]] std::span<const std::string> tiresias_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_tiresias(const std::filesystem::path& file,
                                                                const RowRules& rules = {});

}  // namespace headroom
