#pragma once
// Pods of Alibaba's GPU-sharing cluster trace of 2023 ("openb"), as tasks.
//
// Columns name, cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec, creation_time, deletion_time,
// scheduled_time; others are passed over. Times are seconds from the start of the trace.
//   arrival  = creation_time
//   lifetime = deletion_time - scheduled_time; a pod that was never scheduled (empty
//              scheduled_time) lives for deletion_time - creation_time
//   gpus     = num_gpu, each gpu_milli thousandths of one
//   types    = gpu_spec, joined by '|'; empty or no such column = any
// Source: github.com/alibaba/clusterdata, cluster-trace-gpu-v2023 (Weng et al., ATC 2023).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace headroom {

/// Columns that mark a file as an openb pod list (its times are asked for when it is opened).
[[nodiscard]] std::span<const std::string> openb_pod_columns();

/// Error: as CsvReader::open, or a list without times (the variants made only for packing). Rows:
/// a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_openb_pods(const std::filesystem::path& file,
                                                                  const RowRules& rules = {});

}  // namespace headroom
