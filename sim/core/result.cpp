#include "sim/core/result.hpp"

#include "sim/core/printable.hpp"

#include <fmt/format.h>

namespace headroom {

std::string Error::text() const {
  std::string out;
  if (!place.file.empty()) {
    out += place.file;
    if (place.line > 0) out += fmt::format(":{}", place.line);
    if (place.column > 0) out += fmt::format(":{}", place.column);
    out += ": ";
  }
  out += message;
  if (!hint.empty()) out += " — " + hint;
  return printable(out);
}

}  // namespace headroom
