#pragma once
// Requests as lines of the native trace format (docs/native-trace.md): what a reader of it gives
// back equal, as long as the model is one of the catalogue's.

#include "sim/workload/request.hpp"

#include <string>

namespace headroom {

/// {"schema":"headroom.trace","version":1}, without a line end.
[[nodiscard]] std::string native_header();

/// One request, without a line end. Keys in a fixed order; bytes of a name that are not UTF-8 are
/// replaced.
[[nodiscard]] std::string native_line(const Request& request);

}  // namespace headroom
