// Nodes and pods of Kubernetes, as kubectl prints them in JSON.
//
// Resources: the device plugins of NVIDIA (nvidia.com/gpu, nvidia.com/mig-PROFILE) and AMD
// (amd.com/gpu). Labels: github.com/NVIDIA/k8s-device-plugin, docs/gpu-feature-discovery; AMD's
// node labeller (instinct.docs.amd.com, k8s-device-plugin).

#include "study/cluster_import/kubernetes_pods.hpp"
#include "study/cluster_import/quantity.hpp"
#include "study/cluster_import/sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace headroom {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kWholeGpus = "nvidia.com/gpu";
constexpr std::string_view kMig = "nvidia.com/mig-";
constexpr std::string_view kAmdGpus = "amd.com/gpu";

// What has to be said once, with the nodes it is true of.
struct Notes {
  std::map<std::string, std::vector<std::string>> nodes;  // by sentence
  void add(const std::string& sentence, const std::string& node) {
    nodes[sentence].push_back(node);
  }
};

std::string label(const Json& node, std::string_view key) {
  return text_at(node, {"metadata", "labels", key});
}

// A label's whole number; 0 where it is not there or is none.
std::int64_t label_number(const Json& node, std::string_view key) {
  const std::string text = label(node, key);
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size() && value > 0 ? value : 0;
}

Bytes label_mib(const Json& node, std::string_view key) {
  const std::int64_t mib = label_number(node, key);
  return mib < (std::int64_t{1} << 30U) ? mib * kMiB : 0;
}

// "192G" of AMD's labeller, which counts in powers of two.
Bytes amd_memory(const Json& node) {
  for (const char* key : {"amd.com/gpu.vram", "beta.amd.com/gpu.vram"}) {
    const std::string text = label(node, key);
    const auto bytes = parse_bytes(text.ends_with('G')   ? text.substr(0, text.size() - 1) + "GiB"
                                   : text.ends_with('M') ? text.substr(0, text.size() - 1) + "MiB"
                                                         : text);
    if (bytes) return *bytes;
  }
  return 0;
}

int capability(const Json& node) {
  const auto major = label_number(node, "nvidia.com/gpu.compute.major");
  const auto minor = label_number(node, "nvidia.com/gpu.compute.minor");
  return major >= 1 && major <= 99 && minor <= 9 ? static_cast<int>(10 * major + minor) : 0;
}

std::string first_label(const Json& node, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (std::string text = label(node, key); !text.empty()) return text;
  }
  return {};
}

std::string without_end(std::string text, std::string_view end) {
  if (text.ends_with(end)) text.resize(text.size() - end.size());
  return text;
}

// Whole NVIDIA GPUs, or the MIG devices that stand for them under the strategy "single".
FoundDevice nvidia_device(const Json& node) {
  FoundDevice device;
  device.product =
      without_end(first_label(node, {"nvidia.com/gpu.product", "cloud.google.com/gke-accelerator",
                                     "k8s.amazonaws.com/accelerator"}),
                  "-SHARED");
  if (const auto mig = device.product.find("-MIG-"); mig != std::string::npos) {
    device.slice = device.product.substr(mig + 5);
    device.product.resize(mig);
  }
  device.memory = label_mib(node, "nvidia.com/gpu.memory");
  device.compute_capability = capability(node);
  return device;
}

FoundDevice mig_device(const Json& node, const std::string& resource) {
  FoundDevice device = nvidia_device(node);
  device.slice = resource.substr(kMig.size());
  const std::string product = without_end(label(node, resource + ".product"), "-SHARED");
  if (!product.empty()) device.product = product.substr(0, product.find("-MIG-"));
  device.memory = label_mib(node, resource + ".memory");
  return device;
}

FoundDevice amd_device(const Json& node) {
  FoundDevice device;
  device.product = first_label(node, {"amd.com/gpu.product-name", "beta.amd.com/gpu.product-name"});
  if (device.product.empty() && amd_memory(node) == 0) device.product = "AMD-GPU";
  device.memory = amd_memory(node);
  return device;
}

class NodeReader {
 public:
  NodeReader(const InputFile& source, const PodUse& pods, Notes& notes)
      : source_(source), pods_(pods), notes_(notes) {}

  Result<FoundNode> read(const Json& node) {
    FoundNode out;
    out.name = text_at(node, {"metadata", "name"});
    if (out.name.empty()) return wrong_input(source_, "a node without metadata.name");
    const Json* resources = member_at(node, {"status", "allocatable"});
    if (resources == nullptr || !resources->is_object()) {
      return wrong_input(source_, fmt::format("node '{}' has no status.allocatable", out.name));
    }
    const NodeUse* use = pods_.on(out.name);
    // In the alphabetical order of their names: AMD's, NVIDIA's whole GPUs, then MIG devices.
    for (const auto& [resource, amount] : resources->items()) {
      HEADROOM_CHECK(add_devices(node, *resources, resource, use, out));
    }
    HEADROOM_CHECK(add_host(*resources, use, out));
    return out;
  }

 private:
  Result<std::int64_t> milli(const Json& resources, std::string_view key, const std::string& node) {
    const Json* found = member(resources, key);
    if (found == nullptr) return 0;
    // kubectl writes text, other clients numbers.
    const std::string text = found->is_string()   ? found->get<std::string>()
                             : found->is_number() ? found->dump()
                                                  : std::string();
    const auto value = parse_quantity_milli(text);
    if (!value) {
      return wrong_input(source_, fmt::format("node '{}': '{}' is no quantity of {}", node,
                                              text.substr(0, 40), key));
    }
    return *value;
  }

  Status add_devices(const Json& node, const Json& resources, const std::string& resource,
                     const NodeUse* use, FoundNode& out) {
    const bool nvidia = resource == kWholeGpus || resource == "nvidia.com/gpu.shared";
    const bool mig = resource.starts_with(kMig);
    if (!nvidia && !mig && resource != kAmdGpus) {
      const bool standard = resource.find('/') == std::string::npos;
      if (!standard) notes_.add(fmt::format("resource {} is not read", resource), out.name);
      return {};
    }
    HEADROOM_TRY(std::int64_t count, milli(resources, resource, out.name));
    count /= 1000;
    std::int64_t taken = use == nullptr ? 0 : use->of(resource);
    if (const auto ways = label_number(node, "nvidia.com/gpu.replicas"); nvidia && ways > 1) {
      count = (count + ways - 1) / ways;
      taken = (taken + ways - 1) / ways;
      notes_.add(
          "GPUs that are time-sliced count once, and as taken for each full or begun share "
          "of them that a pod asks for",
          out.name);
    }
    if (count + static_cast<std::int64_t>(out.devices.size()) >
        static_cast<std::int64_t>(kMostDevices)) {
      return wrong_input(source_, fmt::format("node '{}' has {} of {}, but a node may have {} GPUs",
                                              out.name, count, resource, kMostDevices));
    }
    FoundDevice device = mig      ? mig_device(node, resource)
                         : nvidia ? nvidia_device(node)
                                  : amd_device(node);
    for (std::int64_t i = 0; i < count; ++i) {
      device.taken = i < taken;
      out.devices.push_back(device);
    }
    if (taken > 0) {
      notes_.add("which GPUs the pods hold is not told: the first of each node, whole", out.name);
    }
    HEADROOM_TRY(const std::int64_t all,
                 milli(*member_or(node, {"status", "capacity"}, resources), resource, out.name));
    if (all / 1000 > count && !(nvidia && label_number(node, "nvidia.com/gpu.replicas") > 1)) {
      notes_.add("GPUs that are there and not allocatable are left out", out.name);
    }
    return {};
  }

  static const Json* member_or(const Json& node, std::initializer_list<std::string_view> path,
                               const Json& fallback) {
    const Json* found = member_at(node, path);
    return found == nullptr ? &fallback : found;
  }

  Status add_host(const Json& resources, const NodeUse* use, FoundNode& out) {
    if (member(resources, "cpu") != nullptr) {
      HEADROOM_TRY(const std::int64_t cpu, milli(resources, "cpu", out.name));
      const std::int64_t asked = use == nullptr ? 0 : use->cpu_milli;
      out.cpus = std::max<std::int64_t>(0, cpu - asked) / 1000;
    }
    if (member(resources, "memory") != nullptr) {
      HEADROOM_TRY(const std::int64_t memory, milli(resources, "memory", out.name));
      const Bytes asked = use == nullptr ? 0 : use->ram;
      out.ram = std::max<Bytes>(0, memory / 1000 - asked);
    }
    return {};
  }

  const InputFile& source_;
  const PodUse& pods_;
  Notes& notes_;
};

bool is_ready(const Json& node) {
  const Json* conditions = member_at(node, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return true;  // not told
  for (const Json& condition : *conditions) {
    if (text_at(condition, {"type"}) == "Ready") return text_at(condition, {"status"}) == "True";
  }
  return true;
}

bool is_control_plane(const Json& node) {
  const Json* taints = member_at(node, {"spec", "taints"});
  if (taints == nullptr || !taints->is_array()) return false;
  return std::any_of(taints->begin(), taints->end(), [](const Json& taint) {
    const std::string key = text_at(taint, {"key"});
    return key == "node-role.kubernetes.io/control-plane" ||
           key == "node-role.kubernetes.io/master";
  });
}

// Deployments are taken to tolerate what taints a node: GPU nodes commonly carry one for GPUs.
void note_taints(const Json& node, Notes& notes) {
  const Json* taints = member_at(node, {"spec", "taints"});
  if (taints == nullptr || !taints->is_array()) return;
  for (const Json& taint : *taints) {
    if (text_at(taint, {"effect"}) == "PreferNoSchedule") continue;
    notes.add(fmt::format("the taint {} is taken to be tolerated", text_at(taint, {"key"})),
              text_at(node, {"metadata", "name"}));
  }
}

// Why a node is left out; empty where it is not.
std::string left_out(const Json& node) {
  if (!is_ready(node)) return "nodes that are not ready are left out";
  const Json* cordoned = member_at(node, {"spec", "unschedulable"});
  if (cordoned != nullptr && *cordoned == true) return "cordoned nodes are left out";
  if (is_control_plane(node)) return "nodes kept for the control plane are left out";
  return {};
}

}  // namespace

Result<FoundCluster> import_kubernetes(const std::filesystem::path& nodes,
                                       const std::optional<std::filesystem::path>& pods) {
  const InputFile source{nodes, "a list of nodes", "kubectl get nodes -o json"};
  HEADROOM_TRY(const Json document, read_input_json(source));
  HEADROOM_TRY(const auto items, kubernetes_items(source, document, "Node"));
  PodUse use;
  if (pods) {
    HEADROOM_TRY(use, read_pods(*pods));
  }
  FoundCluster out;
  out.source = pods ? "kubectl get nodes -o json, with kubectl get pods -A -o json"
                    : "kubectl get nodes -o json";
  Notes notes;
  std::set<std::string> names;
  NodeReader reader(source, use, notes);
  for (const Json* item : items) {
    if (const std::string why = left_out(*item); !why.empty()) {
      notes.add(why, text_at(*item, {"metadata", "name"}));
      continue;
    }
    note_taints(*item, notes);
    HEADROOM_TRY(FoundNode node, reader.read(*item));
    if (!names.insert(node.name).second) {
      return wrong_input(source, fmt::format("two nodes are named '{}'", node.name));
    }
    out.nodes.push_back(std::move(node));
  }
  if (out.nodes.empty()) return wrong_input(source, "no node in it that deployments may run on");
  for (const auto& [sentence, where] : notes.nodes) {
    out.assumptions.push_back(fmt::format("{} ({})", sentence, some_names(where)));
  }
  if (!pods) {
    out.assumptions.emplace_back("without a list of pods, nothing is taken to run on the nodes");
  } else {
    out.assumptions.emplace_back(
        "cpus and ram are what is allocatable less what the pods there request");
  }
  return out;
}

}  // namespace headroom
