#include "sim/core/printable.hpp"

#include <cstddef>

namespace headroom {

std::string printable(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    const bool second = c == 0xC2 && next >= 0x80 && next < 0xA0;  // U+0080 to U+009F
    const bool control = c < 0x20 || c == 0x7F || second;
    out += control && kept.find(text[i]) == std::string_view::npos ? '?' : text[i];
    if (second) ++i;
  }
  return out;
}

}  // namespace headroom
