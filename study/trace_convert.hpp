#pragma once
// A trace in another format, in order of arrival.

#include "sim/core/result.hpp"
#include "traces/formats.hpp"
#include "traces/sorted_tasks.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace headroom {

/// "native", "csv", "swf".
[[nodiscard]] std::span<const std::string> convert_targets();

struct ConvertOptions {
  std::string to = "native";   // one of convert_targets()
  std::filesystem::path out;   // empty = the standard output
  bool replace = false;        // an existing file
  bool skip_bad_rows = false;  // also those that the target cannot say
  SortLimits limits = {};
};

struct Converted {
  std::uint64_t rows = 0;  // written
  bool was_sorted = true;
  SkippedRows skipped;
};

/// Error: as the format's reader; a row that the target cannot say (a share of a GPU in SWF, a task
/// without a lifetime or a deployment in a format that has none); a file that cannot be written.
[[nodiscard]] Result<Converted> convert_trace(const TaskFormat& format,
                                              const std::filesystem::path& file,
                                              const ConvertOptions& options);

}  // namespace headroom
