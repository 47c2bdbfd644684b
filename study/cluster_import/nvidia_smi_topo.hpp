#pragma once
// The matrix that `nvidia-smi topo -m` prints.

#include "study/input_file.hpp"

#include <string>
#include <vector>

namespace headroom {

/// What joins GPU i with GPU j: "NV12", "PIX", "PXB", "PHB", "NODE", "SYS"; "X" on the diagonal.
using LinkMatrix = std::vector<std::vector<std::string>>;

/// Columns and rows of network cards are passed over, and so are colours. Error: no header of GPUs;
/// a row that is missing, cut off, or has a link of no known kind; a link that differs by
/// direction.
[[nodiscard]] Result<LinkMatrix> read_topology(const std::filesystem::path& file);

}  // namespace headroom
