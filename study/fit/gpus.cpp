#include "study/fit/gpus.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/nearest.hpp"
#include "study/cluster_file.hpp"
#include "study/scenario.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace headroom {
namespace {

constexpr int kMostGpusPerNode = 64;
constexpr int kMostNodes = 100'000;

tl::unexpected<Error> bad_gpus(std::string message) {
  return fail(
      std::move(message), {"--gpus"},
      "write a number and a size or a type: 3x24GiB, 8xH100-80GB, 2x8xA100-80GB (2 nodes of "
      "8), 4xA100-80GB,8xL4; headroom gpus lists the types");
}

/// "8x" at the front of `text`, taken off; 0 where there is none.
Result<int> take_count(std::string_view& text, std::string_view all, int most) {
  const auto digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos) return 0;
  if (text[digits] != 'x' && text[digits] != 'X') return 0;
  int count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + digits, count);
  if (code != std::errc() || count < 1 || count > most) {
    return bad_gpus(fmt::format("'{}': a number of 1 to {} is wanted, not {}", all, most,
                                text.substr(0, digits)));
  }
  text.remove_prefix(digits + 1);
  return count;
}

/// A type of this memory alone, as `[[gpu]]` of a cluster file with the memory and nothing else.
Result<GpuType> type_of_size(const std::string& name) {
  HEADROOM_TRY(const auto table,
               ConfigTable::parse(fmt::format("[[gpu]]\nname = '{0}'\nmemory = '{0}'\n"
                                              "[[nodes]]\ngpu = '{0}'\ngpus = 1\n",
                                              name),
                                  "--gpus"));
  HEADROOM_TRY(const ClusterSpec spec, read_cluster(table, {}));
  return spec.gpu_types.front();
}

bool begins_with(std::string_view text, std::string_view start) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return !start.empty() && text.size() >= start.size() &&
         std::equal(start.begin(), start.end(), text.begin(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

/// "H100" is the beginning of several names.
std::string suggested_types(const std::string& name) {
  std::vector<std::string> known;
  std::vector<std::string> begun;
  for (const GpuType& type : gpu_catalogue()) {
    known.push_back(type.name);
    if (begins_with(type.name, name)) begun.push_back(type.name);
  }
  if (begun.empty()) return suggest(name, known);
  return fmt::format("did you mean {}?", fmt::join(begun, " or "));
}

/// "24", "24gb" and "24G" want to be 24GiB: cards are sold by that number.
std::string suggested_size(const std::string& name) {
  const auto digits = name.find_first_not_of("0123456789.");
  return fmt::format("write {0}GiB for a card sold with {0} GB; headroom gpus lists the types",
                     name.substr(0, std::min(digits, std::size_t{8})));
}

Result<GpuType> find_type(const std::string& name, std::string_view all, ClusterSpec& spec) {
  if (auto type = find_gpu_type(name)) return *type;
  const auto bytes = parse_bytes(name);
  if (!bytes) {
    const bool size = !name.empty() && name.front() >= '0' && name.front() <= '9';
    if (size) {
      return fail(fmt::format("'{}': '{}' is neither a size nor a GPU", all, name), {"--gpus"},
                  suggested_size(name));
    }
    return fail(fmt::format("unknown GPU type '{}'", name.substr(0, 80)), {"--gpus"},
                suggested_types(name) + " (headroom gpus); or a size of memory, as in 3x24GiB");
  }
  if (*bytes < kGiB) {
    return fail(fmt::format("'{}': a GPU of {} is none", all, bytes_text(*bytes)), {"--gpus"},
                suggested_size(name));
  }
  HEADROOM_TRY(const GpuType type, type_of_size(name));
  spec.assumptions.push_back(fmt::format(
      "a {} GPU reads {:g} GB/s and computes {:g} TFLOP/s; name its type for its own speed", name,
      static_cast<double>(type.memory_bandwidth) / 1e9,
      static_cast<double>(type.matrix_rate()) / 1e12));
  if (name.find("iB") == std::string::npos) {
    spec.assumptions.push_back(
        fmt::format("{} is {}: cards sold by that number usually have more, write GiB for them",
                    name, bytes_text(*bytes)));
  }
  return type;
}

void add_nodes(ClusterSpec& spec, const GpuType& type, int gpus, int nodes) {
  auto known = std::find(spec.gpu_types.begin(), spec.gpu_types.end(), type);
  if (known == spec.gpu_types.end()) known = spec.gpu_types.insert(known, type);
  NodeShape shape;
  shape.gpus.assign(static_cast<std::size_t>(gpus),
                    static_cast<GpuTypeId>(known - spec.gpu_types.begin()));
  const NodeShapeId id = spec.intern_shape(shape);
  for (int i = 0; i < nodes; ++i) {
    spec.nodes.push_back({fmt::format("node{}", spec.nodes.size()), id, {}});
  }
}

std::string words_of(const GpuType& type, int gpus, int nodes) {
  if (nodes == 1) return fmt::format("{} x {}", gpus, type.name);
  return fmt::format("{} nodes of {} x {}", nodes, gpus, type.name);
}

/// What others hold of each device of this type on this node.
std::vector<Bytes> used_of(const ClusterSpec& cluster, const NodeSpec& node, GpuTypeId type) {
  const std::vector<GpuTypeId>& gpus = cluster.shapes[index(node.shape)].gpus;
  std::vector<Bytes> out;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (gpus[i] == type) out.push_back(node.used.empty() ? 0 : node.used[i]);
  }
  return out;
}

Status add_group(std::string_view group, FitGpus& out) {
  std::string_view rest = group;
  HEADROOM_TRY(int first, take_count(rest, group, kMostNodes));
  if (first == 0) return bad_gpus(fmt::format("'{}' does not say how many GPUs", group));
  HEADROOM_TRY(int second, take_count(rest, group, kMostGpusPerNode));
  const int nodes = second == 0 ? 1 : first;
  const int gpus = second == 0 ? first : second;
  if (gpus > kMostGpusPerNode) {
    return bad_gpus(
        fmt::format("'{}': a node has at most {} GPUs, not {}", group, kMostGpusPerNode, gpus));
  }
  if (rest.empty()) return bad_gpus(fmt::format("'{}' does not say which GPUs", group));
  HEADROOM_TRY(const GpuType type, find_type(std::string(rest), group, out.cluster));
  add_nodes(out.cluster, type, gpus, nodes);
  if (!out.words.empty()) out.words += " and ";
  out.words += words_of(type, gpus, nodes);
  return {};
}

}  // namespace

Result<std::shared_ptr<const FitGpus>> parse_gpus(std::string_view text) {
  auto out = std::make_shared<FitGpus>();
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    HEADROOM_CHECK(add_group(text.substr(0, comma), *out));
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return out;
}

Result<std::shared_ptr<const FitGpus>> read_gpus(const std::filesystem::path& file) {
  auto out = std::make_shared<FitGpus>();
  HEADROOM_TRY(const auto content, ConfigTable::read(file));
  if (content.has("cluster")) {
    HEADROOM_TRY(Scenario scenario, read_scenario(file, {}));
    out->cluster = std::move(scenario.cluster);
  } else {
    HEADROOM_TRY(out->cluster, read_cluster_file(file, {}));
  }
  if (out->cluster.gpu_count() == 0) {
    return fail("this cluster has no GPU", {file.string()});
  }
  out->words = file.filename().string();
  return out;
}

std::shared_ptr<const FitGpus> equal_nodes(const GpuType& type, int gpus, int nodes) {
  auto out = std::make_shared<FitGpus>();
  add_nodes(out->cluster, type, gpus, nodes);
  out->words = words_of(type, gpus, nodes);
  return out;
}

std::vector<LargestNodes> largest_nodes(const ClusterSpec& cluster, int most) {
  std::vector<LargestNodes> out;
  for (std::size_t t = 0; t < cluster.gpu_types.size(); ++t) {
    const auto type = static_cast<GpuTypeId>(t);
    LargestNodes found{type, cluster.largest_node(type), {}};
    if (found.gpus == 0) continue;
    for (const NodeSpec& node : cluster.nodes) {
      auto used = used_of(cluster, node, type);
      if (static_cast<int>(used.size()) == found.gpus) found.used.push_back(std::move(used));
    }
    const auto sum = [](const std::vector<Bytes>& used) {
      return std::accumulate(used.begin(), used.end(), Bytes{0});
    };
    std::stable_sort(found.used.begin(), found.used.end(),
                     [&](const auto& a, const auto& b) { return sum(a) < sum(b); });
    found.used.resize(std::min(found.used.size(), static_cast<std::size_t>(most)));
    out.push_back(std::move(found));
  }
  return out;
}

std::shared_ptr<const FitGpus> grown(const GpuType& type, const LargestNodes& from, int gpus,
                                     int count) {
  HEADROOM_ASSERT(gpus >= from.gpus && count >= from.nodes(),
                  fmt::format("{} nodes of {} GPUs cannot grow to {} of {}", from.nodes(),
                              from.gpus, count, gpus));
  auto out = std::make_shared<FitGpus>();
  add_nodes(out->cluster, type, gpus, count);
  for (std::size_t i = 0; i < from.used.size(); ++i) {
    std::vector<Bytes>& used = out->cluster.nodes[i].used;
    used = from.used[i];
    used.resize(static_cast<std::size_t>(gpus), 0);
  }
  out->words = words_of(type, gpus, count);
  return out;
}

std::shared_ptr<const FitGpus> emptied(const FitGpus& gpus) {
  auto out = std::make_shared<FitGpus>(gpus);
  for (NodeSpec& node : out->cluster.nodes) node.used.clear();
  return out;
}

}  // namespace headroom
