#pragma once
// Writing a found cluster as a file of docs/cluster.md.

#include "sim/hardware/gpu_type.hpp"
#include "study/cluster_import/found_cluster.hpp"

#include <string>
#include <vector>

namespace headroom {

struct ImportedCluster {
  std::string toml;
  std::vector<std::string> assumptions;  // of the source and of the GPU types; also in the file
};

/// Equal nodes become one group, in order of first appearance, with their own names. `fallback`
/// stands for GPUs whose type the source does not tell; may be null. Error: a GPU of neither a
/// known type nor a known memory; what is written does not read back (a fault of headroom).
[[nodiscard]] Result<ImportedCluster> write_cluster(const FoundCluster& found,
                                                    const std::string& name,
                                                    const GpuType* fallback);

}  // namespace headroom
