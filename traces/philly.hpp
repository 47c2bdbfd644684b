#pragma once
// Jobs of Microsoft's Philly cluster of 2017, as converted for the Pollux paper.
//
// Columns timestamp (wall clock), duration in seconds, num_gpus, cluster; gpu_time is their product
// and passed over. Rows have no name: they are called job-1, job-2, ... by their place in the file.
//   arrival  = timestamp, taken for the time of submission (the conversion does not say)
//   tenant   = cluster, the hashed virtual cluster
// The published file is not sorted. Its stamps are local time of a zone that is not said; where the
// clock was set back during the trace (5 November 2017, if it is of the United States), an hour
// stands twice and rows after it an hour early.
// Source: github.com/petuum/adaptdl, branch osdi21-artifact, from github.com/msr-fiddle/
// philly-traces (Jeon et al., ATC 2019).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

[[nodiscard]] std::span<const std::string> philly_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_philly(const std::filesystem::path& file,
                                                              const RowRules& rules = {});

}  // namespace headroom
