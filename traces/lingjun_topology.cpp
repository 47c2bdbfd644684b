#include "traces/lingjun_topology.hpp"

#include "traces/csv.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace headroom {
namespace {

// Numbers for the switches of one layer, in order of appearance, each with the switch above it.
struct Layer {
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> known;  // by parent and label
  std::vector<std::uint32_t> parents;

  std::uint32_t number(std::uint32_t parent, const std::string& label) {
    const auto [at, added] =
        known.emplace(std::pair(parent, label), static_cast<std::uint32_t>(parents.size()));
    if (added) parents.push_back(parent);
    return at->second;
  }
};

}  // namespace

Result<HostNetwork> read_lingjun_topology(const std::filesystem::path& file) {
  static const std::array<std::string, 4> columns{"ip", "DSW", "PSW", "ASW"};
  HEADROOM_TRY(auto rows, CsvReader::open(file, "a Lingjun topology", columns));
  const std::size_t ip = rows.column("ip");
  std::array<Layer, 3> layers;  // from the top
  std::set<std::string> hosts;
  HostNetwork out;
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) break;
    HEADROOM_TRY(const std::string host, rows.name(ip));
    if (!hosts.insert(host).second) {
      return fail(fmt::format("host '{}' is named twice", host), rows.place(ip));
    }
    std::uint32_t group = 0;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      HEADROOM_TRY(const std::string label, rows.name(rows.column(columns[layer + 1])));
      group = layers[layer].number(group, label);
    }
    out.leaf.push_back(group);
  }
  if (out.leaf.empty()) return fail("this topology has no rows", {file.string()});
  const bool one_top = layers[0].parents.size() == 1;
  static const std::array<const char*, 3> names{"dsw", "psw", "asw"};
  for (std::size_t layer = layers.size(); layer-- > 0;) {
    NetworkLevel level{names[layer], kNetworkBandwidth, layers[layer].parents};
    if (layer == 0 && one_top) level.parents.clear();
    out.network.levels.push_back(std::move(level));
  }
  if (!one_top) out.network.levels.push_back({"core", kNetworkBandwidth, {}});
  return out;
}

}  // namespace headroom
