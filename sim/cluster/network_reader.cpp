#include "sim/cluster/links_reader.hpp"
#include "sim/core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace headroom {
namespace {

constexpr std::int64_t kMostNodes = 2'000'000;

// A level's rate, after its oversubscription.
std::int64_t read_level_rate(const ConfigTable& entry, std::int64_t fallback) {
  const std::int64_t rate = read_link_rate(entry, "bandwidth", fallback);
  const double ratio = entry.number_or("oversubscription", {1.0, 1000.0}, 1.0);
  return std::max<std::int64_t>(1, std::llround(static_cast<double>(rate) / ratio));
}

// Groups of equal size, filled in order of node.
void read_counted_levels(const std::vector<ConfigTable>& entries, ClusterSpec& spec) {
  const auto nodes = static_cast<std::int64_t>(spec.nodes.size());
  std::int64_t below = 1;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ConfigTable& entry = entries[i];
    const bool outermost = i + 1 == entries.size();
    const std::int64_t size =
        entry.integer_or("nodes", {1, kMostNodes}, outermost ? std::max(below, nodes) : 0);
    if (!outermost && !entry.has("nodes")) {
      entry.reject("nodes", "'nodes' is missing: how many nodes a group of this level holds",
                   "only the last level, which holds all, may leave it out");
    } else if (outermost && size < nodes) {
      entry.reject("nodes", fmt::format("the last level holds {} of {} nodes", size, nodes),
                   "leave 'nodes' out there, or add a level above");
    } else if (size % below != 0 && !outermost) {
      entry.reject("nodes", fmt::format("'nodes' is {}, but must be a multiple of the {} of the "
                                        "level below",
                                        size, below));
    }
    if (!entry.status()) return;
    NetworkLevel level{entry.text_or("name", fmt::format("level{}", i)),
                       read_level_rate(entry, kNetworkBandwidth),
                       {}};
    if (i == 0) {
      for (std::size_t n = 0; n < spec.nodes.size(); ++n) {
        spec.nodes[n].leaf = static_cast<std::uint32_t>(static_cast<std::int64_t>(n) / size);
      }
    } else {
      auto& parents = spec.network.levels.back().parents;
      const std::int64_t groups = (nodes + below - 1) / below;
      for (std::int64_t g = 0; g < groups; ++g) {
        parents.push_back(outermost ? 0 : static_cast<std::uint32_t>(g * below / size));
      }
    }
    spec.network.levels.push_back(std::move(level));
    below = size;
  }
}

void read_named_levels(const ConfigTable& network, const std::vector<ConfigTable>& entries,
                       const HostNetwork& hosts, ClusterSpec& spec) {
  if (hosts.leaf.size() < spec.nodes.size()) {
    network.reject("topology", fmt::format("the topology has {} hosts for {} nodes",
                                           hosts.leaf.size(), spec.nodes.size()));
    return;
  }
  for (std::size_t n = 0; n < spec.nodes.size(); ++n) spec.nodes[n].leaf = hosts.leaf[n];
  spec.network.levels = hosts.network.levels;
  for (const auto& entry : entries) {
    const std::string name = entry.text("name");
    if (entry.has("nodes")) entry.reject("nodes", "'nodes' has no meaning with a 'topology'");
    std::vector<std::string> names;
    for (auto& level : spec.network.levels) {
      names.push_back(level.name);
      if (level.name == name) level.bandwidth = read_level_rate(entry, kNetworkBandwidth);
    }
    if (entry.status() && std::find(names.begin(), names.end(), name) == names.end()) {
      entry.reject("name", fmt::format("the topology has no level '{}'", name),
                   suggest(name, names));
    }
  }
}

}  // namespace

Status read_network(const ConfigTable& network, ClusterSpec& spec, const HostNetwork* hosts) {
  spec.network.rails = static_cast<int>(network.integer_or("rails", {1, 64}, 1));
  const auto entries = network.tables("level");
  if (hosts != nullptr) {
    read_named_levels(network, entries, *hosts, spec);
  } else {
    read_counted_levels(entries, spec);
    if (entries.empty() && network.has("rails")) {
      network.reject("rails", "'rails' without a [[network.level]]");
    }
  }
  return network.status();
}

}  // namespace headroom
