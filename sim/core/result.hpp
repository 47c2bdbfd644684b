#pragma once
// Errors that a person can act on, and the type every fallible function returns.
//
// Bad input is a value (Result<T>), never an exception and never an exit: libraries do not print.
// A bug in headroom is HEADROOM_ASSERT (sim/core/assert.hpp).

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace headroom {

/// Where in an input something was found. Empty file and zero line/column mean "not known".
struct SourcePlace {
  std::string file;
  std::int64_t line = 0;    // 1-based
  std::int64_t column = 0;  // 1-based
};

/// What is wrong, where, and what to do about it.
struct Error {
  std::string message;  // one sentence, with the value found and the values allowed
  SourcePlace place;
  std::string hint;  // optional second sentence: what to do

  /// "file:line:column: message — hint", leaving out what is not known, and without control
  /// characters, as what it cites may have some.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(std::string message, SourcePlace place = {},
                                                std::string hint = {}) {
  return tl::unexpected<Error>(Error{std::move(message), std::move(place), std::move(hint)});
}

}  // namespace headroom

// Returns the error of `expr` from the enclosing function, or binds its value to `var`.
#define HEADROOM_CONCAT_INNER(a, b) a##b
#define HEADROOM_CONCAT(a, b) HEADROOM_CONCAT_INNER(a, b)
#define HEADROOM_TRY(var, expr) HEADROOM_TRY_IMPL(var, expr, HEADROOM_CONCAT(try_result_, __LINE__))
#define HEADROOM_TRY_IMPL(var, expr, tmp)                                     \
  auto tmp = (expr);                                                          \
  if (!tmp) return tl::unexpected<::headroom::Error>(std::move(tmp).error()); \
  var = std::move(*tmp)
#define HEADROOM_CHECK(expr)                                                        \
  do {                                                                              \
    if (auto headroom_status = (expr); !headroom_status)                            \
      return tl::unexpected<::headroom::Error>(std::move(headroom_status).error()); \
  } while (false)
