#pragma once
// Job lists in the six columns of the RFold workload generator: Alibaba's Lingjun jobs of 2023
// ("crux"), and conversions of other traces to the same columns.
//
// The header is a comment: #job id, arrival time (sec), topology, shape, size, duration (sec). A
// job is a gang of `size` whole GPUs; topology and shape (which repeats the size) are passed over.
// Jobs of duration 0 are in the trace, and sizes that are no powers of two. Source:
// github.com/shuoshuc/RFold, from github.com/alibaba/alibaba-lingjun-dataset-2023 (Cao et al.,
// SIGCOMM 2024).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

[[nodiscard]] std::span<const std::string> crux_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_crux(const std::filesystem::path& file,
                                                            const RowRules& rules = {});

}  // namespace headroom
