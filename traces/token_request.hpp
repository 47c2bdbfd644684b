#pragma once
// A row of a trace of requests to a served model: when it came, and how long prompt and answer
// were.

#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headroom {

struct TokenRequest {
  SimTime arrival{};
  std::int64_t input_tokens = 0;  // both 0 in formats that record none (TokenFormat::has_tokens)
  std::int64_t output_tokens = 0;
  std::optional<Duration> duration;  // how long it was worked on, where that is recorded
  std::string model;                 // which model it asked for; empty = not said
};

/// A stream of requests, in order of arrival unless it was opened for any order.
class TokenReader {
 public:
  static constexpr std::string_view kUnsortedHint = "sort the file by arrival first";

  virtual ~TokenReader() = default;
  /// The next request, nullopt at the end. Errors name file, line, column, value and reason.
  [[nodiscard]] virtual Result<std::optional<TokenRequest>> next() = 0;
  /// Where the row that next() last gave begins.
  [[nodiscard]] virtual SourcePlace place() const { return {}; }
};

}  // namespace headroom
