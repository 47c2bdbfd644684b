#pragma once
// A trace in order of arrival, whatever the order of its file.

#include "sim/core/result.hpp"
#include "traces/formats.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>

namespace headroom {

struct SortLimits {
  std::size_t memory = std::size_t{1} << 30;  // bytes of rows held; beyond, temporary files
  std::filesystem::path folder = {};          // of these; empty = the system's temporary one
};

struct SortedTasks {
  std::unique_ptr<TaskReader> tasks;
  bool was_sorted = true;  // in its file
};

/// The tasks by (arrival, place in the file); wall clocks count from the first. A file in order is
/// read twice and never held; another is sorted within the limits. `rules.order` is not looked at.
/// Error: as the format's reader, or a temporary file that cannot be written.
[[nodiscard]] Result<SortedTasks> open_sorted_tasks(const TaskFormat& format,
                                                    const std::filesystem::path& file,
                                                    const RowRules& rules,
                                                    const SortLimits& limits);

/// Whether all rows of a reader or a source, opened for any order, are in order of arrival.
template <class Reader>
[[nodiscard]] Result<bool> in_order(Reader& rows) {
  SimTime last = SimTime::min();
  while (true) {
    HEADROOM_TRY(const auto row, rows.next());
    if (!row) return true;
    if (row->arrival < last) return false;
    last = row->arrival;
  }
}

}  // namespace headroom
