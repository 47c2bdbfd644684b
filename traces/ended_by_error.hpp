#pragma once
// What a RequestSource promises after an error, in one place.

#include "sim/workload/request.hpp"

#include <memory>

namespace headroom {

/// The same requests, and after the first error nothing more.
[[nodiscard]] std::unique_ptr<RequestSource> ended_by_error(std::unique_ptr<RequestSource> source);

}  // namespace headroom
