#pragma once
// Requests of Azure's LLM inference trace of 2023 (conversation and code).
//
// Columns TIMESTAMP (wall clock with seven digits of a second), ContextTokens, GeneratedTokens.
// Published with CRLF line ends and, of the conversation file, without one at the end. Source:
// github.com/Azure/AzurePublicDataset (Patel et al., ISCA 2024).

#include "sim/core/result.hpp"
#include "traces/rows.hpp"
#include "traces/token_request.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace headroom {

[[nodiscard]] std::span<const std::string> azure_llm_columns();

/// Error: as CsvReader::open. Rows: a bad or unsorted value, with its place.
[[nodiscard]] Result<std::unique_ptr<TokenReader>> open_azure_llm(const std::filesystem::path& file,
                                                                  const RowRules& rules = {});

}  // namespace headroom
