#pragma once
// JSON as text, before a parser sees it.

#include "sim/core/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace headroom {

/// The characters of a JSON text outside its strings and without their quotation marks, in order.
class OutsideStrings {
 public:
  /// Keeps the view: characters may be replaced meanwhile, but not added or taken away.
  explicit OutsideStrings(std::string_view text) : text_(text) {}

  /// The index of the next one.
  [[nodiscard]] std::optional<std::size_t> next();
  /// Passes so many over, whatever they are.
  void skip(std::size_t count) { at_ += count; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// The bracket at which a text is nested deeper than so many levels: that costs a parser memory out
/// of proportion.
[[nodiscard]] std::optional<std::size_t> nested_deeper(std::string_view text, int most);

/// Line and column, both from 1, of a character of a file.
[[nodiscard]] SourcePlace place_in(std::string_view text, std::size_t index,
                                   const std::string& file);

}  // namespace headroom
