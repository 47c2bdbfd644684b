#pragma once
// Why a request ended as it did, in plain words, from the decision logs of a run.

#include "sim/core/result.hpp"

#include <filesystem>
#include <string>

namespace headroom {

/// One paragraph per policy. `request` is a name or a number in order of arrival. Error: not a run,
/// no decision log in it, no such request.
[[nodiscard]] Result<std::string> explain_request(const std::filesystem::path& run,
                                                  const std::string& request);

}  // namespace headroom
