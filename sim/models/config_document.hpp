#pragma once
// A config.json as text and as a parsed document, before anything in it has a meaning.

#include "sim/core/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace headroom {

/// Largest config.json read. The largest published one is below 100 KiB.
inline constexpr std::int64_t kMaxConfigBytes = std::int64_t{16} << 20;
/// Deepest nesting of objects and arrays read.
inline constexpr int kMaxConfigDepth = 64;

/// The text of a regular file. Error: not there, not a regular file, unreadable, or larger than
/// kMaxConfigBytes (found out without reading it).
[[nodiscard]] Result<std::string> read_config_text(const std::filesystem::path& file);

/// Parses JSON. Python writes the bare words NaN and Infinity into JSON, so they are read as values
/// (see value_text) and only refused where a figure is wanted. Error: too large, nested too deeply,
/// not JSON (line and column), or not an object.
[[nodiscard]] Result<nlohmann::json> parse_config_document(std::string_view text,
                                                           const std::string& where);

/// A value as an error message shows it: JSON, cut short.
[[nodiscard]] std::string value_text(const nlohmann::json& value);

}  // namespace headroom
