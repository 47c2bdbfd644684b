#include "study/input_file.hpp"
#include "study/json_fields.hpp"
#include "study/saved_state.hpp"

#include <fmt/format.h>

#include <array>
#include <unordered_map>

namespace headroom {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMost = std::int64_t{1} << 60U;
constexpr int kMostMachines = 100'000'000;

class StateReader {
 public:
  explicit StateReader(const ClusterSpec& cluster) {
    for (std::size_t i = 0; i < cluster.nodes.size(); ++i) {
      nodes_.emplace(cluster.nodes[i].name, static_cast<NodeId>(i));
    }
    for (const auto& type : cluster.gpu_types) types_.push_back(type.name);
  }

  [[nodiscard]] SavedState read(const JsonFields& fields) const {
    SavedState out;
    out.scenario = fields.text("scenario");
    out.policy = fields.text("policy");
    out.seed = static_cast<std::uint64_t>(fields.number("seed", 0, kMost));
    out.run.at = SimTime(fields.seconds("at_s"));
    out.run.submitted = static_cast<std::uint64_t>(fields.number("submitted", 0, kMost));
    for (const auto& entry : fields.objects("nodes")) out.run.nodes.push_back(node_record(entry));
    for (const auto& entry : fields.objects("placed")) out.run.placed.push_back(placed(entry));
    for (const auto& entry : fields.objects("waiting")) out.run.waiting.push_back(waiting(entry));
    out.run.queue = queue(fields.object("queue"));
    return out;
  }

 private:
  [[nodiscard]] NodeId node(const JsonFields& fields) const {
    const std::string name = fields.text("node");
    const auto found = nodes_.find(name);
    if (found != nodes_.end()) return found->second;
    fields.reject("node", fmt::format("a node of this cluster, not '{}'", name.substr(0, 80)));
    return NodeId{};
  }

  [[nodiscard]] NodeRecord node_record(const JsonFields& fields) const {
    NodeRecord out;
    out.node = node(fields);
    out.condition = {fields.flag("absent"), fields.flag("drained"), fields.flag("down"),
                     fields.flag("failed")};
    out.failures = static_cast<std::uint64_t>(fields.number("failures", 0, kMost));
    out.next = fields.time_if("next_s");
    for (const auto& entry : fields.objects("disk")) {
      out.disk.push_back({entry.text("model"), entry.number("bytes", 0, kMost)});
    }
    return out;
  }

  [[nodiscard]] static RequestRecord request(const JsonFields& fields) {
    RequestRecord out;
    out.request = static_cast<RequestId>(fields.number("request", 0, kMost));
    out.name = fields.text("name");
    out.attempts = fields.small("attempts", 0, 1'000'000'000);
    out.attempts_before = fields.small("attempts_before", 0, 1'000'000'000);
    out.refused_by = fields.texts("refused_by");
    out.remaining = fields.seconds("remaining_s");
    out.held_before = fields.seconds("held_before_s");
    return out;
  }

  [[nodiscard]] PlacedRecord placed(const JsonFields& fields) const {
    static const std::array<std::string, 4> phases = {"loading", "failing", "pausing", "running"};
    PlacedRecord out;
    out.request = request(fields);
    out.phase = static_cast<PlacementPhase>(fields.choice("phase", phases));
    out.next = SimTime(fields.seconds("next_s"));
    out.since = SimTime(fields.seconds("since_s"));
    out.ready_at = fields.time_if("ready_s");
    if (!types_.empty()) out.gpu = static_cast<GpuTypeId>(fields.choice("gpu", types_));
    out.plan = {fields.small("tp", 1, 1024), fields.small("pp", 1, 1024),
                fields.small("dp", 1, 1024), fields.flag("ep"), fields.flag("balanced")};
    out.degradation = fields.small("degradation", 0, 1024);
    if (fields.has("utilisation_ppm")) {
      out.utilisation_ppm = fields.number("utilisation_ppm", 1, 1'000'000);
    }
    out.nodes_from_disk = fields.small("nodes_from_disk", 0, 1'000'000);
    for (const auto& entry : fields.objects("on")) {
      NodeHolding holding;
      holding.node = node(entry);
      holding.devices = entry.small_numbers("devices", 0, 63);
      holding.per_gpu = {entry.small("milli", 0, kWholeGpu), entry.number("bytes", 0, kMost)};
      holding.cpu_milli = entry.number("cpu_milli", 0, kMost);
      holding.ram = entry.number("ram", 0, kMost);
      out.holdings.push_back(std::move(holding));
    }
    return out;
  }

  [[nodiscard]] static WaitingRecord waiting(const JsonFields& fields) {
    static const std::array<LossCause, 3> causes = {LossCause::down, LossCause::failed,
                                                    LossCause::removed};
    static const std::array<std::string, 3> cause_names = {std::string(loss_name(causes[0])),
                                                           std::string(loss_name(causes[1])),
                                                           std::string(loss_name(causes[2]))};
    std::array<std::string, kOutcomeCount> outcomes;
    for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] = outcome_name(all_outcomes()[i]);
    WaitingRecord out;
    out.request = request(fields);
    out.limit = fields.time_if("limit_s");
    out.lost_at = fields.time_if("lost_s");
    if (out.lost_at) out.cause = causes[fields.choice("cause", cause_names)];
    if (fields.has("last_outcome")) {
      out.last_outcome = all_outcomes()[fields.choice("last_outcome", outcomes)];
    }
    out.last_reason = fields.text("last_reason");
    return out;
  }

  [[nodiscard]] static QueueMemory queue(const JsonFields& fields) {
    QueueMemory out;
    for (const auto& entry : fields.objects("tenants")) {
      out.tenants.push_back({entry.text("tenant"), entry.digits("milli_ns")});
    }
    for (const auto& entry : fields.objects("bookings")) {
      out.bookings.push_back({static_cast<RequestId>(entry.number("request", 0, kMost)),
                              SimTime(entry.seconds("begin_s")),
                              entry.small_numbers("machines", 0, kMostMachines)});
    }
    out.gpus = fields.number("gpus", 0, kMostMachines);
    out.again = fields.flag("again");
    out.anew = fields.flag("anew");
    return out;
  }

  std::unordered_map<std::string, NodeId> nodes_;
  std::vector<std::string> types_;
};

}  // namespace

Result<SavedState> read_state(const std::filesystem::path& file, const ClusterSpec& cluster) {
  const InputFile source{file, "the state of a run",
                         "headroom run SCENARIO --out FOLDER --dump-state SECONDS"};
  HEADROOM_TRY(const Json document, read_input_json(source));
  if (text_at(document, {"schema"}) != kStateSchema) {
    return wrong_input(source, fmt::format("its schema is not {}", kStateSchema));
  }
  std::optional<Error> error;
  const JsonFields fields(document, "", error);
  if (fields.number("version", 0, kMost) != kStateVersion && !error) {
    return wrong_input(source, fmt::format("only version {} is read", kStateVersion));
  }
  SavedState out = StateReader(cluster).read(fields);
  if (error) return wrong_input(source, error->message);
  return out;
}

}  // namespace headroom
