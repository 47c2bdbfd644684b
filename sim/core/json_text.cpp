#include "sim/core/json_text.hpp"

namespace headroom {

std::optional<std::size_t> OutsideStrings::next() {
  bool in_string = false;
  while (at_ < text_.size()) {
    const std::size_t index = at_++;
    const char c = text_[index];
    if (c == '"') {
      in_string = !in_string;
    } else if (!in_string) {
      return index;
    } else if (c == '\\') {
      ++at_;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> nested_deeper(std::string_view text, int most) {
  int depth = 0;
  OutsideStrings outside(text);
  while (const auto index = outside.next()) {
    const char c = text[*index];
    if (c == '}' || c == ']') --depth;
    if ((c == '{' || c == '[') && ++depth > most) return index;
  }
  return std::nullopt;
}

SourcePlace place_in(std::string_view text, std::size_t index, const std::string& file) {
  SourcePlace place{file, 1, 1};
  for (const char c : text.substr(0, index)) {
    ++place.column;
    if (c != '\n') continue;
    ++place.line;
    place.column = 1;
  }
  return place;
}

}  // namespace headroom
