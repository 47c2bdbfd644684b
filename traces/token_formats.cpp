#include "traces/token_formats.hpp"

#include "traces/azure_llm.hpp"
#include "traces/csv.hpp"
#include "traces/genai.hpp"
#include "traces/mooncake.hpp"

#include <algorithm>
#include <array>

namespace headroom {
namespace {

const std::array<TokenFormat, 3>& formats() {
  static const std::array<TokenFormat, 3> all{{
      {"azure-llm", "LLM requests of Azure, 2023: prompt and answer tokens (CSV)", true, true,
       [](std::string_view line) { return has_columns(line, azure_llm_columns()); },
       open_azure_llm},
      {"mooncake", "LLM requests of Kimi, as published with Mooncake (JSON Lines)", true, false,
       looks_like_mooncake, open_mooncake},
      {"genai", "image requests of Alibaba, 2024: durations and base models (CSV)", false, true,
       [](std::string_view line) { return has_columns(line, genai_columns()); }, open_genai},
  }};
  return all;
}

}  // namespace

std::span<const TokenFormat> token_formats() { return formats(); }

const TokenFormat* find_token_format(std::string_view name) {
  const auto& all = formats();
  const auto* found = std::find_if(all.begin(), all.end(),
                                   [&](const TokenFormat& format) { return format.name == name; });
  return found == all.end() ? nullptr : found;
}

const TokenFormat* recognise_token_format(std::string_view first_line) {
  const auto& all = formats();
  const auto* found = std::find_if(all.begin(), all.end(), [&](const TokenFormat& format) {
    return format.recognises(first_line);
  });
  return found == all.end() ? nullptr : found;
}

}  // namespace headroom
