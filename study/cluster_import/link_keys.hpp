#pragma once
// The links of an imported node as keys of docs/cluster.md.

#include <string>
#include <vector>

namespace headroom {

/// Lines of TOML; empty where the links are not told. NVSwitch is recognised by links between all
/// pairs that are more than a GPU has ends for; everything else is written as the matrix, and so is
/// NVSwitch where `nvlink_known` (a rate of the GPU type) is false.
[[nodiscard]] std::string link_keys(const std::vector<std::vector<std::string>>& links,
                                    bool nvlink_known);

}  // namespace headroom
