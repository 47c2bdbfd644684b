#pragma once
// The programs whose output is imported, one reader a file.

#include "study/cluster_import/found_cluster.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace headroom {

/// `kubectl get nodes -o json`, and `kubectl get pods -A -o json` for what runs already. Reads the
/// resources nvidia.com/gpu, nvidia.com/mig-*, amd.com/gpu and the labels of NVIDIA's GPU feature
/// discovery and of AMD's node labeller. Leaves out nodes that are not ready, cordoned, or kept for
/// the control plane. Error: not such a list; a quantity that is none; over 64 GPUs in a node.
[[nodiscard]] Result<FoundCluster> import_kubernetes(
    const std::filesystem::path& nodes, const std::optional<std::filesystem::path>& pods);

/// GPUStack's list of workers: the answer of GET /v2/workers (or /v1/workers). Leaves out workers
/// that are not ready. Error: not such a list.
[[nodiscard]] Result<FoundCluster> import_gpustack(const std::filesystem::path& workers);

/// `nvidia-smi -q -x` of one node, with `nvidia-smi topo -m` of the same node for the links. `name`
/// is the node's. Error: not such a document, or one without a GPU; other GPUs in the two.
[[nodiscard]] Result<FoundCluster> import_nvidia_smi(
    const std::filesystem::path& query, const std::optional<std::filesystem::path>& topology,
    const std::string& name);

}  // namespace headroom
