#pragma once
// The trace formats there are. A new one is a file with its reader, a test, and one line in
// formats.cpp.

#include "sim/core/result.hpp"
#include "sim/workload/request.hpp"
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
  Result<std::unique_ptr<TaskReader>> (*open_tasks)(const std::filesystem::path& file);
  /// The rows as they stand: opaque tasks, and the deployments of formats that can name a model.
  Result<std::unique_ptr<RequestSource>> (*open_requests)(const std::filesystem::path& file);
};

[[nodiscard]] std::span<const TaskFormat> task_formats();
[[nodiscard]] std::span<const std::string> task_format_names();

/// Error: names the nearest format.
[[nodiscard]] Result<const TaskFormat*> find_task_format(std::string_view name);

/// The name of the format that a file's first line tells; its name is not looked at. Error: as
/// LineReader::open, an empty file, or a line that tells no format.
[[nodiscard]] Result<std::string> guess_format(const std::filesystem::path& file);

}  // namespace headroom
