#include "study/cluster_import/cluster_toml.hpp"

#include "sim/cluster/spec.hpp"
#include "study/cluster_file.hpp"
#include "study/cluster_import/gpu_table.hpp"
#include "study/cluster_import/link_keys.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace headroom {
namespace {

// Text of other programs as a basic string of TOML. What is not plain ASCII becomes '?', so that no
// byte of it can end the string or break the encoding.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c >= 0x20 && c < 0x7F ? c : '?';
  }
  return out + "\"";
}

std::string comment(std::string_view text) {
  std::string out = "# ";
  for (const char c : text) out += c >= 0x20 && c < 0x7F ? c : '?';
  return out + "\n";
}

// A whole number of GiB or MiB as such, else bytes.
std::string size_text(Bytes bytes) {
  if (bytes != 0 && bytes % kGiB == 0) return fmt::format("\"{}GiB\"", bytes / kGiB);
  if (bytes != 0 && bytes % kMiB == 0) return fmt::format("\"{}MiB\"", bytes / kMiB);
  return fmt::format("{}", bytes);
}

std::string tera(std::int64_t rate) {
  const std::string text = fmt::format("{}", static_cast<double>(rate) / 1e12);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string gpu_table(const GpuType& type) {
  std::string out = "\n[[gpu]]\n";
  out += fmt::format("name = {}\nmemory = {}\nmemory_bandwidth = {}\n", toml_text(type.name),
                     size_text(type.memory), type.memory_bandwidth);
  out += fmt::format("bf16_tflops = {}\nfp16_tflops = {}\n", tera(type.bf16_rate),
                     tera(type.fp16_rate));
  if (type.fp8_rate > 0) out += fmt::format("fp8_tflops = {}\n", tera(type.fp8_rate));
  if (type.compute_capability > 0) {
    out += fmt::format("compute_capability = {}.{}\n", type.compute_capability / 10,
                       type.compute_capability % 10);
  }
  if (type.nvlink_bandwidth > 0) {
    out += fmt::format("nvlink_bandwidth = {}\n", type.nvlink_bandwidth);
  }
  out += fmt::format("pcie_bandwidth = {}\n", type.pcie_bandwidth);
  out += fmt::format("price = {:.3f}\n", static_cast<double>(type.price_milli) / 1000.0);
  return out + fmt::format("source = {}\n", toml_text(type.source));
}

template <class Items, class Text>
std::string list(const Items& items, Text text) {
  std::string out = "[";
  std::size_t width = out.size();
  for (const auto& item : items) {
    const std::string next = text(item);
    if (out.size() > 1) {
      out += ",";
      const bool wrap = width + next.size() > 90;
      out += wrap ? "\n  " : " ";
      if (wrap) width = 0;
    }
    out += next;
    width += next.size() + 2;
  }
  return out + "]";
}

bool all_equal(const auto& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

// What a node's devices are in the file.
struct Devices {
  std::vector<std::string> types;
  std::vector<Bytes> memory;  // of the types
  std::vector<Bytes> used;
  bool nvlink = true;  // of all types the rate is known
};

Result<Devices> devices_of(const FoundNode& node, GpuTable& table) {
  Devices out;
  for (const FoundDevice& device : node.devices) {
    HEADROOM_TRY(const GpuType* type, table.type_of(device, node.name));
    out.types.push_back(type->name);
    out.memory.push_back(type->memory);
    out.used.push_back(device.taken ? type->memory : std::min(device.used, type->memory));
    out.nvlink = out.nvlink && type->nvlink_bandwidth > 0;
  }
  return out;
}

// A node's keys but its name.
std::string node_keys(const FoundNode& node, const Devices& devices) {
  std::string out;
  if (!devices.types.empty()) {
    if (all_equal(devices.types)) {
      out += fmt::format("gpu = {}\ngpus = {}\n", toml_text(devices.types.front()),
                         devices.types.size());
    } else {
      out += fmt::format("devices = {}\n", list(devices.types, toml_text));
    }
    if (!all_equal(devices.used)) {
      out += fmt::format("used = {}\n", list(devices.used, size_text));
    } else if (devices.used.front() > 0) {
      out += fmt::format("used = {}\n", size_text(devices.used.front()));
    }
  }
  if (node.cpus) out += fmt::format("cpus = {}\n", std::min<std::int64_t>(*node.cpus, 1'000'000));
  if (node.ram) out += fmt::format("ram = {}\n", size_text(*node.ram));
  return out + link_keys(node.links, devices.nvlink);
}

// Nodes of equal keys, and of devices of equal memory.
struct Group {
  std::string keys;
  std::vector<std::string> names;
  std::vector<Bytes> memory;
};

Result<std::vector<Group>> group_nodes(const FoundCluster& found, GpuTable& table) {
  std::vector<Group> groups;
  std::map<std::pair<std::string, std::vector<Bytes>>, std::size_t> places;
  for (const FoundNode& node : found.nodes) {
    HEADROOM_TRY(const Devices devices, devices_of(node, table));
    const std::string keys = node_keys(node, devices);
    const auto [place, fresh] = places.try_emplace({keys, devices.memory}, groups.size());
    if (fresh) groups.push_back({keys, {}, devices.memory});
    groups[place->second].names.push_back(node.name);
  }
  return groups;
}

// Whether each device has the memory that was found: a name could stand for two types.
Status check_memory(const std::vector<Group>& groups, const ClusterSpec& spec) {
  std::size_t at = 0;
  for (const Group& group : groups) {
    for (const std::string& name : group.names) {
      std::vector<Bytes> memory;
      for (const GpuTypeId gpu : spec.shapes[index(spec.nodes[at].shape)].gpus) {
        memory.push_back(spec.gpu_types[index(gpu)].memory);
      }
      if (memory != group.memory) {
        return fail(
            fmt::format("the GPUs of node '{}' read back with {} bytes of memory, but have "
                        "{}: a fault of headroom",
                        name, fmt::join(memory, ", "), fmt::join(group.memory, ", ")));
      }
      ++at;
    }
  }
  return {};
}

}  // namespace

Result<ImportedCluster> write_cluster(const FoundCluster& found, const std::string& name,
                                      const GpuType* fallback) {
  GpuTable table(fallback);
  HEADROOM_TRY(const auto groups, group_nodes(found, table));
  ImportedCluster out;
  out.assumptions = found.assumptions;
  out.assumptions.insert(out.assumptions.end(), table.assumptions().begin(),
                         table.assumptions().end());
  out.toml = comment("Imported by `headroom cluster import` from: " + found.source);
  if (!out.assumptions.empty()) out.toml += "#\n# What it had to assume:\n";
  for (const auto& sentence : out.assumptions) out.toml += comment("- " + sentence);
  out.toml += "\nschema = \"headroom.cluster\"\nversion = 1\n";
  if (!name.empty()) out.toml += fmt::format("name = {}\n", toml_text(name));
  for (const GpuType& type : table.own()) out.toml += gpu_table(type);
  for (const Group& group : groups) {
    out.toml += fmt::format("\n[[nodes]]\nnames = {}\n", list(group.names, toml_text)) + group.keys;
  }

  // What is written has to read back, or it is of no use to anybody.
  HEADROOM_TRY(const auto config, ConfigTable::parse(out.toml, "the imported cluster"));
  HEADROOM_TRY(const ClusterSpec spec, read_cluster_config(config, {}, {}));
  HEADROOM_CHECK(check_memory(groups, spec));
  return out;
}

}  // namespace headroom
