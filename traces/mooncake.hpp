#pragma once
// Requests of the Kimi service, as published with Mooncake.
//
// JSON Lines: timestamp in milliseconds from the start, input_length and output_length in tokens,
// hash_ids (one identity for each 512 tokens of the prompt; checked to be integers and passed
// over). Arrivals come in batches three seconds apart. Source: github.com/kvcache-ai/Mooncake,
// FAST25-release (Qin et al., FAST 2025).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/token_request.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

/// Whether a first line is an object with timestamp, input_length and output_length.
[[nodiscard]] bool looks_like_mooncake(std::string_view line);

/// Error: as LineReader::open. Rows: broken JSON, an unknown key, a bad or unsorted value.
[[nodiscard]] Result<std::unique_ptr<TokenReader>> open_mooncake(const std::filesystem::path& file,
                                                                 const RowRules& rules = {});

}  // namespace headroom
