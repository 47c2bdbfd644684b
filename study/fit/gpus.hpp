#pragma once
// The GPUs of a question, as a command line names them.

#include "study/fit/fit.hpp"

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace headroom {

/// "3x24GiB", "8xH100-80GB", "2x8xA100-80GB" (2 nodes of 8), or several with commas. A size stands
/// for a GPU of so much memory with the rates that docs/cluster.md gives a type without any.
/// Error: the syntax with examples; an unknown GPU type (the nearest).
[[nodiscard]] Result<std::shared_ptr<const FitGpus>> parse_gpus(std::string_view text);

/// A file of docs/cluster.md, or the cluster of a scenario.
[[nodiscard]] Result<std::shared_ptr<const FitGpus>> read_gpus(const std::filesystem::path& file);

/// `nodes` equal nodes of `gpus` GPUs of one type, nothing on them.
[[nodiscard]] std::shared_ptr<const FitGpus> equal_nodes(const GpuType& type, int gpus, int nodes);

/// The nodes of a cluster that have most GPUs of one type: what more of them is counted from. Other
/// GPUs of these nodes are left out.
struct LargestNodes {
  GpuTypeId type{};
  int gpus = 0;                          // of this type, in each
  std::vector<std::vector<Bytes>> used;  // [node][device]: what others hold there already

  [[nodiscard]] int nodes() const { return static_cast<int>(used.size()); }
};

/// By type, at most `most` nodes of each: those on which others hold least. Types without a GPU are
/// left out.
[[nodiscard]] std::vector<LargestNodes> largest_nodes(const ClusterSpec& cluster, int most);

/// `count` nodes of `gpus` GPUs: `from` with what others hold on it, and GPUs and nodes added to it
/// with nothing on them. Preconditions: at least as many GPUs and nodes as there are.
[[nodiscard]] std::shared_ptr<const FitGpus> grown(const GpuType& type, const LargestNodes& from,
                                                   int gpus, int count);

/// The same GPUs, with nothing on them.
[[nodiscard]] std::shared_ptr<const FitGpus> emptied(const FitGpus& gpus);

}  // namespace headroom
