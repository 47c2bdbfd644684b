#pragma once
// Jobs of the Pollux scheduler's workloads, taken by their publishers from Philly.
//
// Columns name, time in seconds, application, num_replicas (GPUs), batch_size. There are no
// durations: they follow from a goodput model that is not part of the data, so a run needs a
// generated lifetime. The application is the tenant.
// Source: github.com/petuum/adaptdl, branch osdi21-artifact (Qiao et al., OSDI 2021).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

[[nodiscard]] std::span<const std::string> pollux_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_pollux(const std::filesystem::path& file,
                                                              const RowRules& rules = {});

}  // namespace headroom
