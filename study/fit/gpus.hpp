#pragma once
// The GPUs of a question, as a command line names them.

#include "study/fit/fit.hpp"

#include <filesystem>
#include <memory>
#include <string_view>

namespace headroom {

/// "3x24GiB", "8xH100-80GB", "2x8xA100-80GB" (2 nodes of 8), or several with commas. A size stands
/// for a GPU of so much memory with the rates that docs/cluster.md gives a type without any.
/// Error: the syntax with examples; an unknown GPU type (the nearest).
[[nodiscard]] Result<std::shared_ptr<const FitGpus>> parse_gpus(std::string_view text);

/// A file of docs/cluster.md, or the cluster of a scenario.
[[nodiscard]] Result<std::shared_ptr<const FitGpus>> read_gpus(const std::filesystem::path& file);

/// `nodes` equal nodes of `gpus` GPUs of one type.
[[nodiscard]] std::shared_ptr<const FitGpus> equal_nodes(const GpuType& type, int gpus, int nodes);

}  // namespace headroom
