#pragma once
// Lengths and concurrency of deployments from a trace of requests to a served model.
//
// The trace is cut into windows of equal length from its first request on; windows without requests
// are left out, and so is the last, cut-off one unless it is the only one. A deployment that draws
// a window shall hold what came in it:
//   context   = the longest request of the window, prompt and answer together
//   sequences = ceil(answer tokens of the window x seconds per token / window): Little's law, the
//               rate of arrivals times the mean service time, which is taken to be the answer's
//               tokens at a stated pace (the prompt's time is left out)

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace headroom {

struct TokenRule {
  Duration window = std::chrono::seconds(60);
  Duration per_token = std::chrono::milliseconds(50);  // estimate: 20 tokens a second
};

struct TokenWindow {
  std::int64_t context = 1;
  std::int64_t sequences = 1;
  friend bool operator==(const TokenWindow&, const TokenWindow&) = default;
};

struct TokenProfile {
  std::string name;  // of the file
  std::vector<TokenWindow> windows;
};

/// `format` as `headroom formats` names it, or empty: told from the first line. Precondition: the
/// rule's times are above 0. Error: as the reader; a format without tokens; no request; more than a
/// million windows.
[[nodiscard]] Result<TokenProfile> read_token_profile(const std::filesystem::path& file,
                                                      const std::string& format,
                                                      const TokenRule& rule);

}  // namespace headroom
