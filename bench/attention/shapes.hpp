#pragma once
// Which shards are measured: those of a file that `headroom profile shapes` made, or of the models
// built in here.

#include "bench/attention/point.hpp"
#include "sim/core/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace headroom::bench {

/// The distinct shards of seven models under tensor parallel sizes 1, 2, 4 and 8, in order.
[[nodiscard]] std::vector<NamedShape> built_in_shapes();

/// Schema headroom.shapes. Error: no such file, not of that schema, a number out of range.
[[nodiscard]] Result<std::vector<NamedShape>> read_shapes(const std::filesystem::path& file);

}  // namespace headroom::bench
