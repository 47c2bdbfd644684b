#pragma once
// What the pods of a Kubernetes cluster hold on its nodes.

#include "study/input_file.hpp"

#include <map>
#include <string>
#include <vector>

namespace headroom {

/// What the pods of one node request.
struct NodeUse {
  std::map<std::string, std::int64_t> devices;  // by resource
  std::int64_t cpu_milli = 0;
  Bytes ram = 0;

  [[nodiscard]] std::int64_t of(const std::string& resource) const {
    const auto found = devices.find(resource);
    return found == devices.end() ? 0 : found->second;
  }
};

/// By node.
struct PodUse {
  std::map<std::string, NodeUse> nodes;
  [[nodiscard]] const NodeUse* on(const std::string& node) const {
    const auto found = nodes.find(node);
    return found == nodes.end() ? nullptr : &found->second;
  }
};

/// The items of a list of this kind ("Node"), or the one object of it. Error: something else, or
/// an item of another kind.
[[nodiscard]] Result<std::vector<const nlohmann::json*>> kubernetes_items(
    const InputFile& source, const nlohmann::json& document, const std::string& kind);

/// Pods that have a node and have not ended. A pod asks for the sum over its containers, or for its
/// largest init container where that is more, and for its overhead. Error: not a list of pods; a
/// quantity that is none.
[[nodiscard]] Result<PodUse> read_pods(const std::filesystem::path& file);

}  // namespace headroom
