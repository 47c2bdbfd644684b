#pragma once
// Bad rows of a trace that were passed over, as every JSON document of headroom tells them.

#include "traces/rows.hpp"

#include <nlohmann/json_fwd.hpp>

namespace headroom {

/// `count`, and `first` with the first few: `line`, `column` (1-based; 0 where the complaint is
/// about the whole line) and `message`.
[[nodiscard]] nlohmann::ordered_json skipped_json(const SkippedRows& skipped);

}  // namespace headroom
