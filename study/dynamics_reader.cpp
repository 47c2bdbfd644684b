#include "study/dynamics_reader.hpp"

#include "sim/core/nearest.hpp"
#include "study/scenario.hpp"
#include "traces/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

namespace headroom {
namespace {

constexpr std::size_t kMostEvents = 10'000'000;
constexpr Bytes kSlowestDisk = 1'000'000;
// One NVMe drive on four lanes of PCIe 4.0 reads 5 to 7 GB/s in sequence (recalled).
constexpr Bytes kDiskBandwidth = 5'000'000'000;

const std::array<std::string, 5> kKinds = {"down", "drain", "up", "add", "remove"};

NodeEventKind kind_of(const std::string& name) {
  const auto found = std::find(kKinds.begin(), kKinds.end(), name);
  return static_cast<NodeEventKind>(found == kKinds.end() ? 0 : found - kKinds.begin());
}

// '*' stands for any number of characters. Iterative: a pattern of many stars costs no stack.
bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  for (std::size_t n = 0; n < name.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

class NodeNames {
 public:
  explicit NodeNames(const ClusterSpec& cluster) : cluster_(cluster) {
    for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
      ids_.emplace(cluster.nodes[i].name, static_cast<NodeId>(i));
    }
  }

  /// The nodes that a name or a pattern with '*' stands for, in order. Error: none.
  [[nodiscard]] Result<std::vector<NodeId>> find(const std::string& text) const {
    if (const auto found = ids_.find(text); found != ids_.end()) return std::vector{found->second};
    std::vector<NodeId> out;
    if (text.find('*') != std::string::npos) {
      for (std::size_t i = 0; i < cluster_.nodes.size(); ++i) {
        if (matches(text, cluster_.nodes[i].name)) out.push_back(static_cast<NodeId>(i));
      }
    }
    if (!out.empty()) return out;
    std::vector<std::string> some;
    for (const NodeSpec& node : cluster_.nodes) {
      if (some.size() < 1000) some.push_back(node.name);
    }
    return fail(fmt::format("there is no node '{}'", text.substr(0, 80)), {},
                suggest(text.substr(0, 80), some));
  }

 private:
  const ClusterSpec& cluster_;
  std::unordered_map<std::string_view, NodeId> ids_;
};

Status add_events(SimTime at, NodeEventKind kind, const std::vector<NodeId>& nodes,
                  const SourcePlace& place, std::vector<NodeEvent>& out) {
  for (const NodeId node : nodes) out.push_back({at, kind, node});
  if (out.size() <= kMostEvents) return {};
  return fail(fmt::format("more than {} events of nodes", kMostEvents), place);
}

Status read_listed_events(const ConfigTable& config, const NodeNames& names,
                          std::vector<NodeEvent>& out) {
  for (const auto& entry : config.tables("event")) {
    if (!entry.has("at_s")) entry.reject("at_s", "'at_s' is missing: when it happens");
    if (!entry.has("kind")) entry.reject("kind", "'kind' is missing: what happens to the node");
    if (entry.has("node") == entry.has("nodes")) {
      entry.reject({}, "an event takes either 'node' (a name or a pattern) or 'nodes' (a list)");
    }
    const SimTime at(entry.seconds_or("at_s", Duration(0)));
    const NodeEventKind kind = kind_of(entry.choice_or("kind", kKinds, kKinds[0]));
    const char* key = entry.has("nodes") ? "nodes" : "node";
    auto wanted = entry.texts_or("nodes", {});
    if (entry.has("node")) wanted.push_back(entry.text("node"));
    HEADROOM_CHECK(config.status());
    for (const auto& text : wanted) {
      const auto nodes = names.find(text);
      if (!nodes) return fail(nodes.error().message, entry.place(key), nodes.error().hint);
      HEADROOM_CHECK(add_events(at, kind, *nodes, entry.place(key), out));
    }
  }
  return config.status();
}

Status read_event_file(const std::filesystem::path& file, const NodeNames& names,
                       std::vector<NodeEvent>& out) {
  static const std::vector<std::string> columns = {"time_s", "kind", "node"};
  HEADROOM_TRY(auto rows, CsvReader::open(file, "events of nodes", columns));
  const auto time = rows.column("time_s");
  const auto kind = rows.column("kind");
  const auto node = rows.column("node");
  while (true) {
    HEADROOM_TRY(const bool more, rows.next());
    if (!more) return {};
    HEADROOM_TRY(const Duration at, rows.seconds(time));
    const std::string& what = rows.field(kind);
    if (std::find(kKinds.begin(), kKinds.end(), what) == kKinds.end()) {
      return fail(fmt::format("'{}' is not a kind of event", what.substr(0, 80)), rows.place(kind),
                  suggest(what.substr(0, 80), kKinds));
    }
    const auto nodes = names.find(rows.field(node));
    if (!nodes) return fail(nodes.error().message, rows.place(node), nodes.error().hint);
    HEADROOM_CHECK(add_events(SimTime(at), kind_of(what), *nodes, rows.place(node), out));
  }
}

Duration hours(const ConfigTable& table, const char* key, NumberRange range, double fallback) {
  const double value = table.number_or(key, range, fallback);
  return duration_from_seconds(value * 3600.0).value_or(std::chrono::hours(1));
}

void read_failures(const ConfigTable& table, ClusterDynamics& out) {
  FailureModel model;
  if (!table.has("mtbf_h")) {
    table.reject("mtbf_h",
                 "'failures.mtbf_h' is missing: mean hours from a node's repair (or the "
                 "start) to its next failure");
  }
  model.mtbf = hours(table, "mtbf_h", {0.001, 800'000.0}, 1000.0);
  model.repair = hours(table, "repair_h", {0.001, 80'000.0}, 4.0);
  model.shape = table.number_or("shape", {0.1, 10.0}, 1.0);
  model.repair_shape = table.number_or("repair_shape", {0.1, 10.0}, 1.0);
  out.failures = model;
}

void read_loss(const ConfigTable& table, ClusterDynamics& out) {
  static const std::array<std::string, 2> losses = {"place_again", "lose"};
  static const std::array<std::string, 2> tasks = {"start_over", "go_on"};
  const bool lose = table.choice_or("on_loss", losses, losses[0]) == losses[1];
  out.on_loss = lose ? OnLoss::lose : OnLoss::place_again;
  out.tasks_start_over = table.choice_or("tasks", tasks, tasks[0]) == tasks[0];
}

void read_disk(const ConfigTable& table, ClusterDynamics& out) {
  DiskModel disk;
  disk.capacity = table.bytes_or("capacity", 0);
  if (disk.capacity == 0) {
    table.reject("capacity", "'disk.capacity' must be a size above zero: what a node's disk keeps");
  }
  disk.bandwidth = table.bytes_or("bandwidth", kDiskBandwidth);
  if (disk.bandwidth < kSlowestDisk) {
    table.reject("bandwidth", fmt::format("'disk.bandwidth' is {} bytes/s, but must be at least {}",
                                          disk.bandwidth, kSlowestDisk));
  }
  out.disk = disk;
}

}  // namespace

Result<ClusterDynamics> read_dynamics(const ConfigTable& config, const std::filesystem::path& base,
                                      const ClusterSpec& cluster) {
  ClusterDynamics out;
  if (config.has("failures")) read_failures(config.table("failures"), out);
  read_loss(config.table("loss"), out);
  if (config.has("disk")) read_disk(config.table("disk"), out);
  if (config.has("event") || config.has("events")) {
    const NodeNames names(cluster);
    HEADROOM_CHECK(read_listed_events(config, names, out.events));
    if (config.has("events")) {
      HEADROOM_TRY(const auto file, path_at(config, "events", base));
      HEADROOM_CHECK(read_event_file(file, names, out.events));
    }
    std::stable_sort(out.events.begin(), out.events.end(),
                     [](const NodeEvent& a, const NodeEvent& b) { return a.at < b.at; });
  }
  HEADROOM_CHECK(config.status());
  return out;
}

}  // namespace headroom
