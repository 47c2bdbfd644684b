#pragma once

#include <string>
#include <string_view>

namespace headroom {

/// A value of a trace as an error tells it, cut short: a field can be a megabyte.
[[nodiscard]] inline std::string shown(std::string_view text, std::size_t most = 60) {
  return text.size() <= most ? std::string(text) : std::string(text.substr(0, most)) + "...";
}

}  // namespace headroom
