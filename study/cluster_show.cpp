#include "study/cluster_show.hpp"

#include "sim/links/description.hpp"
#include "study/cluster_file.hpp"
#include "study/scenario.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <numeric>

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 8;
constexpr std::size_t kBar = 10;  // characters of one device's bar
constexpr std::size_t kNamesInJson = 1000;

// Nodes that look the same.
struct Group {
  NodeShapeId shape{};
  std::vector<Bytes> used;
  std::vector<const std::string*> names;
};

std::vector<Group> groups_of(const ClusterSpec& cluster) {
  std::map<std::pair<NodeShapeId, std::vector<Bytes>>, std::size_t> known;
  std::vector<Group> groups;
  for (const NodeSpec& node : cluster.nodes) {
    const auto [at, is_new] = known.try_emplace({node.shape, node.used}, groups.size());
    if (is_new) groups.push_back({node.shape, node.used, {}});
    groups[at->second].names.push_back(&node.name);
  }
  return groups;
}

struct Run {
  const GpuType* type = nullptr;
  std::size_t count = 0;
};

// Neighbouring devices of one type.
std::vector<Run> runs_of(const ClusterSpec& cluster, const NodeShape& shape) {
  std::vector<Run> runs;
  for (const GpuTypeId gpu : shape.gpus) {
    const GpuType* type = &cluster.gpu_types[index(gpu)];
    if (runs.empty() || runs.back().type != type) runs.push_back({type, 0});
    ++runs.back().count;
  }
  return runs;
}

std::string shape_text(const ClusterSpec& cluster, const NodeShape& shape) {
  if (shape.gpus.empty()) return "[no GPU]";
  std::string out;
  for (const Run& run : runs_of(cluster, shape)) {
    out += fmt::format("{}{} x{}", out.empty() ? "[" : ", ", run.type->name, run.count);
  }
  return out + "]";
}

Bytes sum(const std::vector<Bytes>& values) {
  return std::accumulate(values.begin(), values.end(), Bytes{0});
}

Bytes memory_of(const ClusterSpec& cluster, const NodeShape& shape) {
  Bytes memory = 0;
  for (const GpuTypeId gpu : shape.gpus) memory += cluster.gpu_types[index(gpu)].memory;
  return memory;
}

// "|####......|": filled by what is used, never empty or full by rounding alone.
std::string bar(Bytes used, Bytes memory, bool colour) {
  auto filled = static_cast<std::size_t>(used / std::max<Bytes>(1, memory / Bytes{kBar}));
  filled = std::min(filled, kBar);
  if (used > 0 && filled == 0) filled = 1;
  if (used < memory && filled == kBar) filled = kBar - 1;
  std::string fill = std::string(filled, '#');
  if (colour && filled > 0) {
    const char* code = filled * 10 >= kBar * 9 ? "31" : filled * 10 >= kBar * 5 ? "33" : "32";
    fill = fmt::format("\x1b[{}m{}\x1b[0m", code, fill);
  }
  return fmt::format("|{}{}|", fill, std::string(kBar - filled, '.'));
}

// Device numbers and bars, several to a line; neighbours that are equal share one.
std::string bars(const ClusterSpec& cluster, const NodeShape& shape, const std::vector<Bytes>& used,
                 bool colour) {
  std::string out;
  std::size_t width = 0;
  for (std::size_t first = 0; first < used.size();) {
    std::size_t last = first;
    while (last + 1 < used.size() && used[last + 1] == used[first] &&
           shape.gpus[last + 1] == shape.gpus[first]) {
      ++last;
    }
    const Bytes memory = cluster.gpu_types[index(shape.gpus[first])].memory;
    const std::string label =
        first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    const std::string amount = bytes_text(used[first]);
    const std::size_t needs = label.size() + kBar + amount.size() + 7;
    if (width == 0 || width + needs > kWidth) {
      out += (width == 0 ? "" : "\n") + std::string(kIndent, ' ');
      width = kIndent;
    }
    out += fmt::format("{} {} {}   ", label, bar(used[first], memory, colour), amount);
    width += needs;
    first = last + 1;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out.empty() ? out : out + "\n";
}

std::string host_text(const NodeShape& shape) {
  std::string out;
  if (shape.cpu_milli != kNotCounted) out += fmt::format("{} cpus", shape.cpu_milli / 1000);
  if (shape.ram != kNotCounted) {
    out += fmt::format("{}{} ram", out.empty() ? "" : ", ", bytes_text(shape.ram));
  }
  return out;
}

std::string cut(const std::string& line) {
  return line.size() <= kWidth ? line : line.substr(0, kWidth - 3) + "...";
}

// "NV12", "PIX", ...: as the legend of `nvidia-smi topo -m` has it.
std::string kind_text(const LinkEdge& edge) {
  switch (edge.kind) {
    case LinkKind::nvlink:
      return fmt::format("NV{}", edge.count);
    case LinkKind::pix:
      return "PIX";
    case LinkKind::pxb:
      return "PXB";
    case LinkKind::phb:
      return "PHB";
    case LinkKind::node:
      return "NODE";
    case LinkKind::sys:
      break;
  }
  return "SYS";
}

// "links NV12 0-1, 2-3; NODE 0-2, 1-3; the rest SYS", where each pair has its own.
std::string edges_text(const NodeLinks& links) {
  std::map<std::string, std::string> pairs;
  for (const LinkEdge& edge : links.edges) {
    if (edge.kind == LinkKind::sys) continue;
    std::string& text = pairs[kind_text(edge)];
    text += fmt::format("{}{}-{}", text.empty() ? " " : ", ", edge.a, edge.b);
  }
  std::string out = "links ";
  for (const auto& [kind, text] : pairs) out += kind + text + "; ";
  return out + "the rest SYS";
}

// "network  rack 50 GB/s (24), spine 12.5 GB/s, 4 rails": innermost level first, how many of each.
std::string network_text(const NetworkSpec& network) {
  if (network.levels.empty()) return "";
  std::string out = "network";
  for (std::size_t i = 0; i < network.levels.size(); ++i) {
    const NetworkLevel& level = network.levels[i];
    out += fmt::format("{} {} {:.4g} GB/s", i == 0 ? " " : ",", level.name,
                       static_cast<double>(level.bandwidth) / 1e9);
    if (!level.parents.empty()) out += fmt::format(" ({})", level.parents.size());
  }
  if (network.rails > 1) out += fmt::format(", {} rails", network.rails);
  return out;
}

// "node-a, node-b, ... (12 in all)", as many as a line holds.
std::string names_text(const std::vector<const std::string*>& names) {
  const std::string all = names.size() == 1 ? "" : fmt::format(", ... ({} in all)", names.size());
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string next = (i == 0 ? "" : ", ") + *names[i];
    const bool rest = i + 1 < names.size();
    if (i > 0 && kIndent + out.size() + next.size() + (rest ? all.size() : 0) > kWidth) {
      return out + all;
    }
    out += next;
  }
  return out;
}

std::string group_text(const ClusterSpec& cluster, const Group& group, bool colour) {
  const NodeShape& shape = cluster.shapes[index(group.shape)];
  std::string line = fmt::format("{:>4} x  {}", group.names.size(), shape_text(cluster, shape));
  if (shape.links.fabric != NodeFabric::uniform) {
    line += fmt::format("  {}", fabric_name(shape.links.fabric));
  }
  const Bytes used = sum(group.used);
  if (!shape.gpus.empty()) {
    line += used == 0 ? "  used 0"
                      : fmt::format("  used {} of {}", bytes_text(used),
                                    bytes_text(memory_of(cluster, shape)));
  }
  std::string out = cut(line) + "\n";
  const std::string indent(kIndent, ' ');
  if (used > 0) out += bars(cluster, shape, group.used, colour);
  if (shape.links.fabric == NodeFabric::edges) {
    out += cut(indent + edges_text(shape.links)) + "\n";
  }
  const std::string host = host_text(shape);
  if (!host.empty()) out += indent + host + "\n";
  return out + cut(indent + names_text(group.names)) + "\n";
}

std::string counted(std::int64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

Result<ClusterSpec> read_any_cluster(const std::filesystem::path& file) {
  HEADROOM_TRY(const auto content, ConfigTable::read(file));
  if (!content.has("cluster")) return read_cluster_config(content, file.parent_path(), {});
  HEADROOM_TRY(Scenario scenario, read_scenario(file, {}));
  return std::move(scenario.cluster);
}

std::string cluster_text(const ClusterSpec& cluster, const std::string& name, bool colour) {
  std::string head = fmt::format("{}: {}, {}", name,
                                 counted(static_cast<std::int64_t>(cluster.nodes.size()), "node"),
                                 counted(cluster.gpu_count(), "GPU"));
  std::string types;
  for (std::size_t i = 0; i < cluster.gpu_types.size(); ++i) {
    const auto count = cluster.gpu_count(static_cast<GpuTypeId>(i));
    if (count == 0) continue;
    types +=
        fmt::format("{}{} x {}", types.empty() ? ": " : ", ", count, cluster.gpu_types[i].name);
  }
  std::string out = cut(head + types) + "\n";
  const std::string network = network_text(cluster.network);
  out += network.empty() ? "\n" : cut(network) + "\n\n";
  for (const Group& group : groups_of(cluster)) out += group_text(cluster, group, colour);
  for (const auto& sentence : cluster.assumptions) out += "\nassumed: " + sentence;
  return cluster.assumptions.empty() ? out : out + "\n";
}

std::string cluster_json(const ClusterSpec& cluster, const std::string& name) {
  Json groups = Json::array();
  for (const Group& group : groups_of(cluster)) {
    const NodeShape& shape = cluster.shapes[index(group.shape)];
    Json gpus = Json::array();
    for (const Run& run : runs_of(cluster, shape)) {
      gpus.push_back(
          {{"type", run.type->name}, {"count", run.count}, {"memory_bytes", run.type->memory}});
    }
    Json names = Json::array();
    for (std::size_t i = 0; i < std::min(group.names.size(), kNamesInJson); ++i) {
      names.push_back(*group.names[i]);
    }
    Json entry = {{"nodes", group.names.size()},
                  {"names", std::move(names)},
                  {"gpus", std::move(gpus)},
                  {"used_bytes", group.used},
                  {"links", fabric_name(shape.links.fabric)}};
    entry["cpus"] = shape.cpu_milli == kNotCounted ? Json(nullptr) : Json(shape.cpu_milli / 1000);
    entry["ram_bytes"] = shape.ram == kNotCounted ? Json(nullptr) : Json(shape.ram);
    groups.push_back(std::move(entry));
  }
  const Json out = {{"schema", "headroom.cluster-show"},
                    {"version", 1},
                    {"name", name},
                    {"nodes", cluster.nodes.size()},
                    {"gpus", cluster.gpu_count()},
                    {"groups", std::move(groups)},
                    {"assumptions", cluster.assumptions}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
