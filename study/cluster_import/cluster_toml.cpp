#include "study/cluster_import/cluster_toml.hpp"

#include "sim/cluster/spec.hpp"
#include "study/cluster_file.hpp"
#include "study/cluster_import/gpu_table.hpp"
#include "study/cluster_import/link_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

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
  out += fmt::format("pcie_bandwidth = {}\n", type.pcie_bandwidth);
  out += fmt::format("price = {:.3f}\n", static_cast<double>(type.price_milli) / 1000.0);
  return out + fmt::format("source = {}\n", toml_text(type.source));
}

// A node as the file has it, without its name: equal ones are a group.
struct Group {
  std::vector<std::string> types;
  std::vector<Bytes> used;
  FoundNode node;  // cpus, ram, links
  std::vector<std::string> names;
  bool nvlink = true;  // of all types the rate is known

  [[nodiscard]] bool holds(const Group& other) const {
    return types == other.types && used == other.used && node.cpus == other.node.cpus &&
           node.ram == other.node.ram && node.links == other.node.links;
  }
};

Result<std::vector<Group>> group_nodes(const FoundCluster& found, GpuTable& table) {
  std::vector<Group> groups;
  for (const FoundNode& node : found.nodes) {
    Group group{{}, {}, node, {node.name}, true};
    for (const FoundDevice& device : node.devices) {
      HEADROOM_TRY(const GpuType* type, table.type_of(device, node.name));
      group.types.push_back(type->name);
      group.nvlink = group.nvlink && type->nvlink_bandwidth > 0;
      group.used.push_back(device.taken ? type->memory : std::min(device.used, type->memory));
    }
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const Group& other) { return other.holds(group); });
    if (same != groups.end()) {
      same->names.push_back(node.name);
    } else {
      groups.push_back(std::move(group));
    }
  }
  return groups;
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

std::string node_table(const Group& group) {
  std::string out = "\n[[nodes]]\n";
  out += fmt::format("names = {}\n", list(group.names, toml_text));
  if (!group.types.empty()) {
    if (all_equal(group.types)) {
      out +=
          fmt::format("gpu = {}\ngpus = {}\n", toml_text(group.types.front()), group.types.size());
    } else {
      out += fmt::format("devices = {}\n", list(group.types, toml_text));
    }
    if (!all_equal(group.used)) {
      out += fmt::format("used = {}\n", list(group.used, size_text));
    } else if (group.used.front() > 0) {
      out += fmt::format("used = {}\n", size_text(group.used.front()));
    }
  }
  if (group.node.cpus) {
    out += fmt::format("cpus = {}\n", std::min<std::int64_t>(*group.node.cpus, 1'000'000));
  }
  if (group.node.ram) out += fmt::format("ram = {}\n", size_text(*group.node.ram));
  return out + link_keys(group.node.links, group.nvlink);
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
  for (const Group& group : groups) out.toml += node_table(group);

  // What is written has to read back, or it is of no use to anybody.
  HEADROOM_TRY(const auto config, ConfigTable::parse(out.toml, "the imported cluster"));
  HEADROOM_TRY(const ClusterSpec spec, read_cluster_config(config, {}, {}));
  (void)spec;
  return out;
}

}  // namespace headroom
