#pragma once
// Where the shipped scenarios, clusters and mixes are.

#include "sim/core/result.hpp"

#include <filesystem>

namespace headroom {

/// $HEADROOM_EXAMPLES, else share/headroom/examples beside the installed program, else the examples
/// of the source tree it was built from. Error: none of them is there.
[[nodiscard]] Result<std::filesystem::path> examples_folder();

}  // namespace headroom
