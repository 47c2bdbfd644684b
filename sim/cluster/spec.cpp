#include "sim/cluster/spec.hpp"

#include "sim/cluster/links_reader.hpp"
#include "sim/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace headroom {
namespace {

constexpr std::int64_t kMaxNodes = 2'000'000;
constexpr std::int64_t kMaxGpusPerNode = 64;
constexpr std::int64_t kMaxCpus = 1'000'000;
constexpr std::size_t kMaxNameBytes = 253;  // of a host in the DNS
constexpr Bytes kLeastStorageBandwidth =
    1'000'000;  // loading the largest model ends within the clock

// "8.6" of the config as 86; 0 where it is not given.
int read_capability(const ConfigTable& entry) {
  const double value = entry.number_or("compute_capability", {1.0, 99.9}, 0.0);
  const auto tenths = std::llround(value * 10.0);
  if (std::abs(value * 10.0 - static_cast<double>(tenths)) > 1e-6) {
    entry.reject("compute_capability", "'compute_capability' has one digit after the point");
  }
  return static_cast<int>(tenths);
}

// One 16-bit rate stands for the other, but bf16 came with capability 8.0.
void read_rates(const ConfigTable& entry, GpuType& type) {
  const auto rate = [&](std::string_view key, double least, double fallback) {
    return std::llround(entry.number_or(key, {least, 1e6}, fallback) * 1e12);
  };
  const double bf16 = entry.number_or("bf16_tflops", {0.0, 1e6}, 0.0);
  type.fp16_rate = rate("fp16_tflops", 0.001, bf16 > 0.0 ? bf16 : 100.0);
  const bool no_bf16 = type.compute_capability > 0 && type.compute_capability < 80;
  type.bf16_rate = entry.has("bf16_tflops") ? std::llround(bf16 * 1e12)
                   : no_bf16                ? 0
                                            : type.fp16_rate;
  type.fp8_rate = rate("fp8_tflops", 0.0, 0.0);
}

Status read_own_gpus(const ConfigTable& config, ClusterSpec& spec) {
  for (const auto& entry : config.tables("gpu")) {
    GpuType type;
    type.name = entry.text("name");
    for (const auto& other : spec.gpu_types) {
      if (other.name == type.name) {
        entry.reject("name", fmt::format("two GPU types are named '{}'", type.name));
      }
    }
    type.memory = entry.bytes_or("memory", 0);
    if (type.memory <= 0) entry.reject("memory", "'memory' must be a size above zero");
    type.memory_bandwidth = entry.bytes_or("memory_bandwidth", 1'000'000'000'000);
    if (type.memory_bandwidth <= 0) {
      entry.reject("memory_bandwidth", "'memory_bandwidth' must be a rate above zero");
    }
    type.compute_capability = read_capability(entry);
    read_rates(entry, type);
    type.nvlink_bandwidth = entry.bytes_or("nvlink_bandwidth", 0);
    type.pcie_bandwidth = entry.bytes_or("pcie_bandwidth", 32'000'000'000);
    type.price_milli = std::llround(entry.number_or("price", {0.001, 1e6}, 1.0) * 1000.0);
    type.source = entry.text_or("source", "scenario");
    HEADROOM_CHECK(config.status());
    spec.gpu_types.push_back(std::move(type));
  }
  return {};
}

// One type for all devices (`gpu`, `gpus`), or the type of each (`devices`).
std::vector<GpuTypeId> read_devices(const ConfigTable& entry, const GpuAliases& aliases,
                                    ClusterSpec& spec) {
  const auto intern = [&](const char* key, const std::string& name) {
    auto type = spec.intern_gpu(name, aliases);
    if (!type) entry.reject(key, type.error().message, type.error().hint);
    return type.value_or(GpuTypeId{});
  };
  if (entry.has("devices")) {
    if (entry.has("gpu") || entry.has("gpus")) {
      entry.reject("devices", "'devices' names the GPUs one by one: leave out 'gpu' and 'gpus'");
    }
    const auto names = entry.texts_or("devices", {});
    if (std::ssize(names) > kMaxGpusPerNode) {
      entry.reject("devices", fmt::format("'devices' has {} GPUs, but a node may have {}",
                                          names.size(), kMaxGpusPerNode));
    }
    std::vector<GpuTypeId> types;
    for (const auto& name : names) {
      if (entry.status()) types.push_back(intern("devices", name));
    }
    return types;
  }
  const auto count = entry.integer_or("gpus", {0, kMaxGpusPerNode}, 0);
  const std::string name = count > 0 ? entry.text("gpu") : entry.text_or("gpu", "");
  if (count == 0 || !entry.status()) return {};
  return std::vector(static_cast<std::size_t>(count), intern("gpu", name));
}

Result<NodeShape> read_shape(const ConfigTable& entry, const GpuAliases& aliases,
                             ClusterSpec& spec) {
  NodeShape shape;
  shape.gpus = read_devices(entry, aliases, spec);
  if (entry.has("cpus")) shape.cpu_milli = 1000 * entry.integer("cpus", {0, kMaxCpus});
  if (entry.has("ram")) shape.ram = entry.bytes_or("ram", kNotCounted);
  shape.storage_bandwidth = entry.bytes_or("storage_bandwidth", 0);
  if (entry.has("storage_bandwidth") && shape.storage_bandwidth < kLeastStorageBandwidth) {
    entry.reject("storage_bandwidth", "'storage_bandwidth' must be at least 1 MB a second");
  }
  HEADROOM_CHECK(entry.status());
  const GpuType no_gpu;
  shape.links =
      read_node_links(entry, static_cast<int>(shape.gpus.size()),
                      shape.gpus.empty() ? no_gpu : spec.gpu_types[index(shape.gpus.front())]);
  HEADROOM_CHECK(entry.status());
  return shape;
}

// `used` is one size for every device, or a size for each.
std::vector<Bytes> read_used(const ConfigTable& entry, const NodeShape& shape,
                             const ClusterSpec& spec) {
  if (!entry.has("used")) return {};
  auto used = entry.sizes_or("used", shape.gpus.size(), {});
  for (std::size_t i = 0; i < used.size(); ++i) {
    const auto& type = spec.gpu_types[index(shape.gpus[i])];
    if (used[i] > type.memory) {
      entry.reject("used", fmt::format("'used' is {}, more than the {} of a {}",
                                       bytes_text(used[i]), bytes_text(type.memory), type.name));
    }
  }
  return used;
}

// The names of a group's nodes as `names` gives them; empty where they are PREFIX-NUMBER.
std::vector<std::string> read_names(const ConfigTable& entry, std::int64_t count) {
  auto names = entry.texts_or("names", {});
  if (!entry.has("names") || !entry.status()) return {};
  if (std::ssize(names) != count) {
    entry.reject("names", fmt::format("'names' has {} names for {} nodes", names.size(), count));
  }
  for (const auto& name : names) {
    const bool control = std::any_of(name.begin(), name.end(),
                                     [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    if (!name.empty() && name.size() <= kMaxNameBytes && !control) continue;
    entry.reject("names", fmt::format("a node's name has 1 to {} bytes and no control character",
                                      kMaxNameBytes));
  }
  return names;
}

Status check_names(const ConfigTable& config, const ClusterSpec& spec) {
  std::unordered_set<std::string_view> seen;
  for (const NodeSpec& node : spec.nodes) {
    if (seen.insert(node.name).second) continue;
    config.reject("nodes", fmt::format("two nodes are named '{}'", node.name));
    break;
  }
  return config.status();
}

Status read_groups(const ConfigTable& config, const GpuAliases& aliases, ClusterSpec& spec) {
  std::size_t group_number = 0;
  std::set<std::string> names;
  bool named = false;
  for (const auto& entry : config.tables("nodes")) {
    const auto list = entry.texts_or("names", {});
    const auto count =
        entry.integer_or("count", {1, kMaxNodes}, std::max<std::int64_t>(1, std::ssize(list)));
    const std::string prefix = entry.text_or("name", fmt::format("group{}", group_number));
    const auto own_names = read_names(entry, count);
    named = named || !own_names.empty();
    if (!names.insert(prefix).second) {
      entry.reject("name", fmt::format("two groups of nodes are named '{}'", prefix));
    }
    HEADROOM_TRY(const NodeShape shape, read_shape(entry, aliases, spec));
    const auto used = read_used(entry, shape, spec);
    HEADROOM_CHECK(entry.status());
    const auto shape_id = spec.intern_shape(shape);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto n = static_cast<std::size_t>(i);
      spec.nodes.push_back(
          {own_names.empty() ? fmt::format("{}-{}", prefix, i) : own_names[n], shape_id, used});
    }
    if (spec.nodes.size() > static_cast<std::size_t>(kMaxNodes)) {
      entry.reject("count", fmt::format("more than {} nodes", kMaxNodes));
    }
    ++group_number;
  }
  if (named) HEADROOM_CHECK(check_names(config, spec));
  return config.status();
}

Status read_overrides(const ConfigTable& config, ClusterSpec& spec) {
  const auto overrides = config.tables("override");
  if (overrides.empty()) return config.status();
  std::unordered_map<std::string, std::size_t> by_name;
  for (std::size_t i = 0; i < spec.nodes.size(); ++i) by_name.emplace(spec.nodes[i].name, i);
  for (const auto& entry : overrides) {
    const std::string name = entry.text("node");
    HEADROOM_CHECK(config.status());
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      entry.reject("node", fmt::format("there is no node '{}'", name),
                   fmt::format("nodes are named GROUP-NUMBER, for example '{}'",
                               spec.nodes.empty() ? "" : spec.nodes.front().name));
      return config.status();
    }
    NodeSpec& node = spec.nodes[found->second];
    NodeShape shape = spec.shapes[index(node.shape)];
    if (entry.has("used")) node.used = read_used(entry, shape, spec);
    if (entry.has("cpus")) shape.cpu_milli = 1000 * entry.integer("cpus", {0, kMaxCpus});
    if (entry.has("ram")) shape.ram = entry.bytes_or("ram", kNotCounted);
    node.shape = spec.intern_shape(shape);
  }
  return config.status();
}

}  // namespace

std::int64_t ClusterSpec::gpu_count() const {
  std::int64_t count = 0;
  for (const auto& node : nodes) {
    count += static_cast<std::int64_t>(shapes[index(node.shape)].gpus.size());
  }
  return count;
}

std::int64_t ClusterSpec::full_gpus(const NodeSpec& node) const {
  const auto& gpus = shapes[index(node.shape)].gpus;
  std::int64_t full = 0;
  for (std::size_t device = 0; device < node.used.size(); ++device) {
    full += node.used[device] >= gpu_types[index(gpus[device])].memory ? 1 : 0;
  }
  return full;
}

std::int64_t ClusterSpec::capacity_gpus() const {
  std::int64_t count = gpu_count();
  for (const NodeSpec& node : nodes) count -= full_gpus(node);
  return count;
}

std::int64_t ClusterSpec::gpu_count(GpuTypeId type) const {
  std::int64_t count = 0;
  for (const auto& node : nodes) {
    const auto& gpus = shapes[index(node.shape)].gpus;
    count += std::count(gpus.begin(), gpus.end(), type);
  }
  return count;
}

std::int64_t ClusterSpec::nodes_with(GpuTypeId type, int gpus) const {
  return std::count_if(nodes.begin(), nodes.end(), [&](const NodeSpec& node) {
    const auto& types = shapes[index(node.shape)].gpus;
    return std::count(types.begin(), types.end(), type) >= gpus;
  });
}

int ClusterSpec::largest_node(GpuTypeId type) const {
  std::ptrdiff_t largest = 0;
  for (const auto& shape : shapes) {
    largest = std::max(largest, std::count(shape.gpus.begin(), shape.gpus.end(), type));
  }
  return static_cast<int>(largest);
}

Result<GpuTypeId> ClusterSpec::intern_gpu(const std::string& name, const GpuAliases& aliases) {
  const auto known = [this](std::string_view wanted) {
    const auto found = std::find_if(gpu_types.begin(), gpu_types.end(),
                                    [&](const GpuType& type) { return type.name == wanted; });
    return static_cast<std::size_t>(found - gpu_types.begin());
  };
  std::size_t at = known(name);
  if (at < gpu_types.size()) return static_cast<GpuTypeId>(at);
  const auto alias = aliases.find(name);
  HEADROOM_TRY(GpuType type, find_gpu_type(alias == aliases.end() ? name : alias->second));
  if (alias == aliases.end()) {
    at = known(type.name);  // written in another way before, or an own type
    if (at < gpu_types.size()) return static_cast<GpuTypeId>(at);
  } else {
    type.name = name;
    type.source = fmt::format("assumed to be as {}", alias->second);
    assumptions.push_back(fmt::format("GPU model {} is undisclosed: taken as {} ({})", name,
                                      alias->second, bytes_text(type.memory)));
  }
  gpu_types.push_back(std::move(type));
  return static_cast<GpuTypeId>(gpu_types.size() - 1);
}

NodeShapeId ClusterSpec::intern_shape(const NodeShape& shape) {
  const auto found = std::find(shapes.begin(), shapes.end(), shape);
  if (found != shapes.end()) return static_cast<NodeShapeId>(found - shapes.begin());
  shapes.push_back(shape);
  return static_cast<NodeShapeId>(shapes.size() - 1);
}

Result<ClusterSpec> read_cluster(const ConfigTable& config, const GpuAliases& aliases) {
  ClusterSpec spec;
  HEADROOM_CHECK(read_own_gpus(config, spec));
  HEADROOM_CHECK(read_groups(config, aliases, spec));
  HEADROOM_CHECK(read_overrides(config, spec));
  if (spec.nodes.empty()) {
    config.reject({}, "the cluster has no nodes", "add a [[nodes]] table with gpu, gpus and count");
  }
  HEADROOM_CHECK(config.status());
  const ConfigTable network = config.table("network");
  if (!network.has("topology")) HEADROOM_CHECK(read_network(network, spec));
  return spec;
}

}  // namespace headroom
