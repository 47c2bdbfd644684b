#pragma once

#include <string>
#include <string_view>

namespace headroom {

/// The text with a '?' for each control character (C0, DEL and, in UTF-8, C1) that is not among
/// `kept`: what a file or a command line says cannot steer the terminal that shows it.
[[nodiscard]] std::string printable(std::string_view text, std::string_view kept = "");

}  // namespace headroom
