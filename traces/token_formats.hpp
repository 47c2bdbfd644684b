#pragma once
// The formats of request traces there are. A new one is a file with its reader, a test, and one
// line in token_formats.cpp.

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/token_request.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

struct TokenFormat {
  std::string name;
  std::string description;
  bool has_tokens = true;   // false: arrivals, durations and models only
  bool wall_clock = false;  // stamps count from 1970 when read in any order
  /// Whether a file whose first line is this is likely to be of the format.
  bool (*recognises)(std::string_view first_line);
  Result<std::unique_ptr<TokenReader>> (*open)(const std::filesystem::path& file,
                                               const RowRules& rules);
};

[[nodiscard]] std::span<const TokenFormat> token_formats();
/// nullptr where there is none of this name.
[[nodiscard]] const TokenFormat* find_token_format(std::string_view name);
/// The format whose files begin with such a line; nullptr where there is none.
[[nodiscard]] const TokenFormat* recognise_token_format(std::string_view first_line);

}  // namespace headroom
