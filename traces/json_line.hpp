#pragma once
// One flat JSON object on one line, read strictly: what a row of a JSON Lines trace is.
//
// Values are text, numbers, true/false or arrays of those. Numbers are kept as they are written, so
// that decimal seconds reach the nanosecond without passing through a double. Reading is sticky as
// in ConfigTable: the first error is kept, later calls return their fallback, and status() tells.
// Every error has a column: that of the value or key it is about, or, where something is missing,
// of the object.

#include "sim/core/config.hpp"
#include "sim/core/result.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

struct JsonValue {
  enum class Kind { nothing, flag, number, text, array };
  Kind kind = Kind::nothing;
  std::string text;              // of a number: as written; of a flag: "true" or "false"
  std::vector<JsonValue> items;  // of an array
  std::int64_t column = 0;       // 1-based character of the line that the value begins at
};

class JsonLine {
 public:
  /// Error: not JSON (with the column), not an object, an object inside it, a key twice, or more
  /// than 64 keys.
  [[nodiscard]] static Result<JsonLine> parse(std::string_view line, const SourcePlace& place);

  /// Records an error for the first key that is not in `known`, with the nearest that is.
  void check_keys(std::span<const std::string> known);

  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  /// Required, not empty.
  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view fallback);
  [[nodiscard]] std::int64_t integer(std::string_view key, IntegerRange range);
  [[nodiscard]] std::int64_t integer_or(std::string_view key, IntegerRange range,
                                        std::int64_t fallback);
  [[nodiscard]] bool flag_or(std::string_view key, bool fallback);
  /// Decimal seconds as a number or as text, required, never negative.
  [[nodiscard]] Duration seconds(std::string_view key);
  /// A share above 0 and up to 1, in millionths.
  [[nodiscard]] std::int64_t share_ppm_or(std::string_view key, std::int64_t fallback);
  [[nodiscard]] std::vector<std::string> texts_or(std::string_view key,
                                                  std::vector<std::string> fallback);
  [[nodiscard]] std::vector<std::int64_t> integers_or(std::string_view key, IntegerRange range,
                                                      std::vector<std::int64_t> fallback);

  /// Records an error about the value of a key, unless there is one already.
  void reject(std::string_view key, std::string message, std::string hint = {});
  [[nodiscard]] Status status() const;

  /// Where the value of a key begins, or the object where it has no such key.
  [[nodiscard]] SourcePlace place(std::string_view key) const;

 private:
  struct Member {
    std::string key;
    std::int64_t column = 0;  // of the key
    JsonValue value;
  };
  class Handler;

  [[nodiscard]] const JsonValue* find(std::string_view key) const;
  [[nodiscard]] const JsonValue* required(std::string_view key);
  void reject_at(std::int64_t column, std::string message, std::string hint = {});
  void reject_type(std::string_view key, const JsonValue& value, std::string_view wanted);
  [[nodiscard]] std::optional<std::int64_t> integer_in(std::string_view key, const JsonValue& value,
                                                       IntegerRange range);

  SourcePlace place_;  // of the object
  std::vector<Member> members_;
  std::optional<Error> error_;
};

}  // namespace headroom
