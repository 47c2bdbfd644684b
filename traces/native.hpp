#pragma once
// headroom's own trace format: JSON Lines, one request a line (docs/native-trace.md).
//
// It is the only format that can say which model a request deploys, and the one that others convert
// to. Times are decimal seconds, memory is bytes, U is a share of a GPU's memory.

#include "sim/core/result.hpp"
#include "sim/workload/request.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace headroom {

inline constexpr const char* kNativeSchema = "headroom.trace";
inline constexpr int kNativeVersion = 1;

/// All rows, deployments and opaque tasks. Models come from the catalogue, one object per model and
/// reader. Error: as LineReader::open, or a header of another schema or version. Rows: broken JSON,
/// an unknown key (with the nearest), a value out of range, an arrival before the one above.
[[nodiscard]] Result<std::unique_ptr<RequestSource>> open_native(const std::filesystem::path& file,
                                                                 const RowRules& rules = {});

/// Opaque rows as tasks, for mapping and load scaling. A row with a model or a group is an error: a
/// task cannot carry it.
[[nodiscard]] Result<std::unique_ptr<TaskReader>> open_native_tasks(
    const std::filesystem::path& file, const RowRules& rules = {});

}  // namespace headroom
