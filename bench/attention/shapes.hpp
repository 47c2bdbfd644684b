#pragma once
// Which shards are measured where no file names others.

#include "study/profile/shapes.hpp"

#include <vector>

namespace headroom::bench {

/// The distinct shards of seven models of the catalogue under tensor parallel sizes 1, 2, 4 and 8.
[[nodiscard]] std::vector<profile::UsedShape> built_in_shapes();

}  // namespace headroom::bench
