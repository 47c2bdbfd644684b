#pragma once
// The option --seeds.

#include "sim/core/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace headroom::cli {

/// "1..5" or "1,2,7". Error: neither, a seed twice, or too many.
[[nodiscard]] Result<std::vector<std::uint64_t>> parse_seeds(std::string_view text);

}  // namespace headroom::cli
