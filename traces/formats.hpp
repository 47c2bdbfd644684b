#pragma once
// The trace formats there are. A new one is a file with its reader, a test, and one line in
// formats.cpp. Formats of requests to served models are in token_formats.hpp.

#include "sim/core/result.hpp"
#include "sim/workload/request.hpp"
#include "traces/rows.hpp"
#include "traces/task.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

struct TaskFormat {
  std::string name;  // as scenarios and --format call it
  std::string description;
  /// Whether a file whose first line is this is likely to be of the format.
  bool (*recognises)(std::string_view first_line);
  /// The rows as tasks.
  Result<std::unique_ptr<TaskReader>> (*open_tasks)(const std::filesystem::path& file,
                                                    const RowRules& rules);
  bool wall_clock = false;  // arrivals count from 1970 when read in any order
  /// For a format that can name a model or a group: the rows as they stand. Null: rows are tasks.
  Result<std::unique_ptr<RequestSource>> (*open_requests)(const std::filesystem::path& file,
                                                          const RowRules& rules) = nullptr;
};

[[nodiscard]] std::span<const TaskFormat> task_formats();
[[nodiscard]] std::span<const std::string> task_format_names();

/// Error: names the nearest format.
[[nodiscard]] Result<const TaskFormat*> find_task_format(std::string_view name);

/// The rows as they stand: opaque tasks, and the deployments of formats that can name a model.
/// Rows: as the reader, and a task without a lifetime.
[[nodiscard]] Result<std::unique_ptr<RequestSource>> open_requests(
    const TaskFormat& format, const std::filesystem::path& file, const RowRules& rules = {});

/// The name of the format that a file's first line tells; its name is not looked at. Error: as
/// LineReader::open, an empty file, or a line that tells no format of tasks.
[[nodiscard]] Result<std::string> guess_format(const std::filesystem::path& file);

struct TokenFormat;

/// A format of either kind: one of the two is set.
struct AnyFormat {
  const TaskFormat* tasks = nullptr;
  const TokenFormat* tokens = nullptr;
};

/// By name, or from the file's first line where the name is empty. Error: as find_task_format and
/// guess_format.
[[nodiscard]] Result<AnyFormat> any_format(std::string_view name,
                                           const std::filesystem::path& file);

}  // namespace headroom
