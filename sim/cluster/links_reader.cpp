#include "sim/cluster/links_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <sstream>
#include <string>
#include <utility>

namespace headroom {
namespace {

constexpr std::int64_t kLeastRate = 1'000'000;             // bytes/s: no division by nothing
constexpr std::int64_t kMostRate = 1'000'000'000'000'000;  // and no sum beyond int64

NodeFabric read_fabric(const ConfigTable& entry) {
  if (!entry.has("links")) return NodeFabric::uniform;
  static const std::array<NodeFabric, 5> fabrics = {NodeFabric::nvswitch, NodeFabric::nvlink_pairs,
                                                    NodeFabric::nvlink_cube, NodeFabric::pcie,
                                                    NodeFabric::edges};
  static const std::array<std::string, 5> names = [] {
    std::array<std::string, 5> out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = fabric_name(fabrics[i]);
    return out;
  }();
  const std::string name = entry.choice_or("links", names, names[0]);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return fabrics[i];
  }
  return NodeFabric::uniform;
}

// One cell of the matrix: "NV4", "PIX", ..., or a rate such as "50GB".
bool read_cell(const std::string& cell, LinkEdge& edge) {
  static constexpr std::array<std::pair<std::string_view, LinkKind>, 5> kinds = {
      {{"PIX", LinkKind::pix},
       {"PXB", LinkKind::pxb},
       {"PHB", LinkKind::phb},
       {"NODE", LinkKind::node},
       {"SYS", LinkKind::sys}}};
  for (const auto& [name, kind] : kinds) {
    if (cell == name) {
      edge.kind = kind;
      return true;
    }
  }
  const bool digits = cell.size() > 2 && cell.size() < 5 &&
                      cell.find_first_not_of("0123456789", 2) == std::string::npos;
  if (cell.starts_with("NV") && digits && cell[2] != '0') {
    edge.kind = LinkKind::nvlink;
    edge.count = std::stoi(cell.substr(2));
    return true;
  }
  const auto rate = parse_bytes(cell);
  if (!rate || *rate < kLeastRate || *rate > kMostRate) return false;
  edge.kind = LinkKind::nvlink;
  edge.bandwidth = *rate;
  return true;
}

// Rows as `nvidia-smi topo -m` prints them between GPUs. Rejects what is not square or symmetric.
std::vector<LinkEdge> read_matrix(const ConfigTable& entry, int gpus) {
  const auto rows = entry.texts_or("matrix", {});
  const auto reject = [&](std::string message) {
    entry.reject("matrix", std::move(message),
                 "a row for each GPU, as `nvidia-smi topo -m` prints them: \"X NV4 SYS SYS\"");
  };
  if (static_cast<int>(rows.size()) != gpus) {
    reject(fmt::format("'matrix' has {} rows for {} GPUs", rows.size(), gpus));
    return {};
  }
  std::vector<LinkEdge> edges;
  std::vector<std::vector<LinkEdge>> upper(rows.size());
  for (int a = 0; a < gpus; ++a) {
    std::istringstream cells(rows[static_cast<std::size_t>(a)]);
    std::string cell;
    int b = 0;
    for (; cells >> cell; ++b) {
      if (b >= gpus) continue;
      LinkEdge edge{std::min(a, b), std::max(a, b)};
      if (a == b ? cell != "X" : !read_cell(cell, edge)) {
        reject(fmt::format("row {}, column {} of 'matrix' is '{}', but must be {}", a, b, cell,
                           a == b ? "X" : "NV1, NV2, ..., PIX, PXB, PHB, NODE, SYS or a rate"));
        return {};
      }
      if (b > a) upper[static_cast<std::size_t>(a)].push_back(edge);
      if (b < a &&
          edge != upper[static_cast<std::size_t>(b)][static_cast<std::size_t>(a - b - 1)]) {
        reject(fmt::format("row {}, column {} of 'matrix' is '{}', unlike row {}, column {}", a, b,
                           cell, b, a));
        return {};
      }
    }
    if (b != gpus) {
      reject(fmt::format("row {} of 'matrix' has {} columns for {} GPUs", a, b, gpus));
      return {};
    }
  }
  for (const auto& row : upper) edges.insert(edges.end(), row.begin(), row.end());
  return edges;
}

// Keys that would be read and change nothing are errors.
void refuse_key(const ConfigTable& entry, std::string_view key, bool takes, NodeFabric fabric) {
  if (takes || !entry.has(key)) return;
  entry.reject(
      key, fabric == NodeFabric::uniform
               ? fmt::format("'{}' without 'links'", key)
               : fmt::format("'{}' has no meaning with links = \"{}\"", key, fabric_name(fabric)));
}

void check_fabric(const ConfigTable& entry, const NodeLinks& links, int gpus, const GpuType& gpu) {
  const NodeFabric fabric = links.fabric;
  if (gpus == 0) {
    if (fabric != NodeFabric::uniform) entry.reject("links", "'links' of a node without GPUs");
    return;
  }
  const bool nvlink = fabric == NodeFabric::nvswitch || fabric == NodeFabric::nvlink_pairs ||
                      fabric == NodeFabric::nvlink_cube;
  if (nvlink && links.nvlink_bandwidth == 0 && gpu.nvlink_bandwidth == 0) {
    entry.reject("links",
                 fmt::format("links = \"{}\", but no NVLink rate of a {} is known",
                             fabric_name(fabric), gpu.name),
                 "give 'nvlink_bandwidth' beside it");
  }
  if (fabric == NodeFabric::nvlink_cube && gpus != 8) {
    entry.reject("links", fmt::format("links = \"nvlink-cube\" joins 8 GPUs, not {}", gpus));
  }
}

}  // namespace

std::int64_t read_link_rate(const ConfigTable& table, std::string_view key, std::int64_t fallback) {
  const std::int64_t rate = table.bytes_or(key, fallback);
  if (table.has(key) && (rate < kLeastRate || rate > kMostRate)) {
    table.reject(
        key, fmt::format("'{}' is {} bytes/s, but must be from 1 MB to 1 PB a second", key, rate));
    return fallback;
  }
  return rate;
}

NodeLinks read_node_links(const ConfigTable& entry, int gpus, const GpuType& gpu) {
  NodeLinks links;
  links.fabric = read_fabric(entry);
  const NodeFabric fabric = links.fabric;
  const bool pcie = fabric == NodeFabric::pcie || fabric == NodeFabric::nvlink_pairs;
  refuse_key(entry, "nvlink_bandwidth",
             fabric == NodeFabric::nvswitch || fabric == NodeFabric::nvlink_pairs ||
                 fabric == NodeFabric::nvlink_cube,
             fabric);
  refuse_key(entry, "gpus_per_switch", pcie, fabric);
  refuse_key(entry, "sockets", pcie, fabric);
  refuse_key(entry, "socket_bandwidth",
             pcie || fabric == NodeFabric::nvlink_cube || fabric == NodeFabric::edges, fabric);
  refuse_key(entry, "matrix", fabric == NodeFabric::edges, fabric);
  links.nvlink_bandwidth = read_link_rate(entry, "nvlink_bandwidth", 0);
  links.socket_bandwidth = read_link_rate(entry, "socket_bandwidth", 0);
  links.gpus_per_switch = static_cast<int>(entry.integer_or("gpus_per_switch", {1, 64}, 0));
  links.sockets = static_cast<int>(entry.integer_or("sockets", {1, 64}, 0));
  if (fabric == NodeFabric::edges) links.edges = read_matrix(entry, gpus);
  check_fabric(entry, links, gpus, gpu);
  return links;
}

}  // namespace headroom
