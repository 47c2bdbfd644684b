#pragma once
// Instances of Alibaba's GPU-disaggregated recommendation services of 2025.
//
// Columns instance_sn, app_name, cpu_request (vCPUs), gpu_request, memory_request (GiB),
// creation_time, scheduled_time, deletion_time (seconds from the start of the trace).
//   arrival  = creation_time; empty: there from the start, 0
//   lifetime = deletion_time - scheduled_time. An instance that was there before the start counts
//              from 0, one without a deletion_time lives to the end of the trace (31 days); both
//              are marked as cut off.
//   tenant   = app_name
// RDMA, disk, the limits and max_instance_per_node are passed over, role follows from the GPUs.
// The published file is not sorted. Source: github.com/alibaba/clusterdata, cluster-trace-gpu-v2025
// (Yang et al., NSDI 2025).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

[[nodiscard]] std::span<const std::string> dlrm_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_dlrm(const std::filesystem::path& file,
                                                            const RowRules& rules = {});

}  // namespace headroom
