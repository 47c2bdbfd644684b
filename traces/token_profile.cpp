#include "traces/token_profile.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/int128.hpp"
#include "traces/formats.hpp"
#include "traces/limits.hpp"
#include "traces/token_formats.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

constexpr std::size_t kMostWindows = 1'000'000;

/// The requests of one window.
struct Sums {
  std::int64_t index = -1;
  std::int64_t longest = 0;
  std::int64_t answers = 0;  // tokens
};

TokenWindow window_of(const Sums& sums, const TokenRule& rule) {
  const Int128 busy = Int128{sums.answers} * rule.per_token.count();
  const Int128 sequences = (busy + rule.window.count() - 1) / rule.window.count();
  TokenWindow out;
  out.context = std::clamp<std::int64_t>(sums.longest, 1, kMaxTokens);
  out.sequences = static_cast<std::int64_t>(std::clamp<Int128>(sequences, 1, kMaxSequences));
  return out;
}

Result<std::unique_ptr<TokenReader>> open(const std::filesystem::path& file,
                                          const std::string& name) {
  HEADROOM_TRY(const AnyFormat format, any_format(name, file));
  if (format.tokens == nullptr) {
    return fail("this is a trace of tasks, which says nothing of tokens", {file.string()},
                "give a trace of requests to a model, such as azure-llm or mooncake");
  }
  if (!format.tokens->has_tokens) {
    return fail(fmt::format("traces of the format '{}' do not say how many tokens requests had",
                            format.tokens->name),
                {file.string()});
  }
  return format.tokens->open(file, {});
}

}  // namespace

Result<TokenProfile> read_token_profile(const std::filesystem::path& file,
                                        const std::string& format, const TokenRule& rule) {
  HEADROOM_ASSERT(rule.window.count() > 0 && rule.per_token.count() > 0, "a rule without time");
  HEADROOM_TRY(const auto requests, open(file, format));
  TokenProfile profile;
  profile.name = file.filename().string();
  Sums sums;
  SimTime first{};
  while (true) {
    HEADROOM_TRY(const auto request, requests->next());
    if (!request) break;
    if (sums.index < 0) first = request->arrival;
    const std::int64_t index = (request->arrival - first) / rule.window;
    if (index != sums.index) {
      if (sums.index >= 0) profile.windows.push_back(window_of(sums, rule));
      if (profile.windows.size() > kMostWindows) {
        return fail(fmt::format("more than {} windows", kMostWindows), {file.string()},
                    "take longer ones");
      }
      sums = {index, 0, 0};
    }
    const std::int64_t input = std::clamp<std::int64_t>(request->input_tokens, 0, kMaxTokens);
    const std::int64_t output = std::clamp<std::int64_t>(request->output_tokens, 0, kMaxTokens);
    sums.longest = std::max(sums.longest, input + output);
    sums.answers += output;
  }
  if (sums.index < 0) return fail("there is no request in this trace", {file.string()});
  if (profile.windows.empty()) profile.windows.push_back(window_of(sums, rule));
  return profile;
}

}  // namespace headroom
