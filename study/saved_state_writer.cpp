#include "study/saved_state.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 4> kPhases = {"loading", "failing", "pausing", "running"};

// Times as text: a JSON reader would round nanoseconds of large ones.
template <class Time>
Json time_json(const std::optional<Time>& time) {
  return time ? Json(seconds_text(*time)) : Json(nullptr);
}

Json node_json(const NodeRecord& record, const ClusterSpec& cluster) {
  Json disk = Json::array();
  for (const auto& entry : record.disk) {
    disk.push_back({{"model", entry.model}, {"bytes", entry.bytes}});
  }
  return {{"node", cluster.nodes[index(record.node)].name},
          {"absent", record.condition.absent},
          {"drained", record.condition.drained},
          {"down", record.condition.down},
          {"failed", record.condition.failed},
          {"failures", record.failures},
          {"next_s", time_json(record.next)},
          {"disk", std::move(disk)}};
}

Json request_json(const RequestRecord& record) {
  return {{"request", index(record.request)},
          {"name", record.name},
          {"attempts", record.attempts},
          {"attempts_before", record.attempts_before},
          {"refused_by", record.refused_by},
          {"remaining_s", seconds_text(record.remaining)},
          {"held_before_s", seconds_text(record.held_before)}};
}

Json placed_json(const PlacedRecord& record, const ClusterSpec& cluster) {
  Json out = request_json(record.request);
  out["phase"] = kPhases[static_cast<std::size_t>(record.phase)];
  out["next_s"] = seconds_text(record.next);
  out["since_s"] = seconds_text(record.since);
  out["ready_s"] = time_json(record.ready_at);
  out["gpu"] = cluster.gpu_types.empty() ? "" : cluster.gpu_types[index(record.gpu)].name;
  out["tp"] = record.plan.tp;
  out["pp"] = record.plan.pp;
  out["dp"] = record.plan.dp;
  out["ep"] = record.plan.ep;
  out["balanced"] = record.plan.balanced;
  out["degradation"] = record.degradation;
  if (record.utilisation_ppm) out["utilisation_ppm"] = *record.utilisation_ppm;
  out["nodes_from_disk"] = record.nodes_from_disk;
  Json on = Json::array();
  for (const NodeHolding& holding : record.holdings) {
    on.push_back({{"node", cluster.nodes[index(holding.node)].name},
                  {"devices", holding.devices},
                  {"milli", holding.per_gpu.milli},
                  {"bytes", holding.per_gpu.bytes},
                  {"cpu_milli", holding.cpu_milli},
                  {"ram", holding.ram}});
  }
  out["on"] = std::move(on);
  return out;
}

Json waiting_json(const WaitingRecord& record) {
  Json out = request_json(record.request);
  out["limit_s"] = time_json(record.limit);
  out["lost_s"] = time_json(record.lost_at);
  out["cause"] = record.lost_at ? Json(loss_name(record.cause)) : Json(nullptr);
  out["last_outcome"] =
      record.last_outcome ? Json(outcome_name(*record.last_outcome)) : Json(nullptr);
  out["last_reason"] = record.last_reason;
  return out;
}

std::string digits(Int128 value) {
  std::string out;
  for (; value > 9; value /= 10) out.insert(out.begin(), static_cast<char>('0' + value % 10));
  return static_cast<char>('0' + value) + out;
}

Json queue_json(const QueueMemory& memory) {
  Json tenants = Json::array();
  for (const TenantUse& use : memory.tenants) {
    tenants.push_back({{"tenant", use.tenant}, {"milli_ns", digits(use.milli_ns)}});
  }
  Json bookings = Json::array();
  for (const Booking& booking : memory.bookings) {
    bookings.push_back({{"request", index(booking.request)},
                        {"begin_s", seconds_text(booking.begin)},
                        {"machines", booking.machines}});
  }
  return {{"tenants", std::move(tenants)},
          {"bookings", std::move(bookings)},
          {"gpus", memory.gpus},
          {"again", memory.again},
          {"anew", memory.anew}};
}

}  // namespace

std::string state_json(const SavedState& state, const ClusterSpec& cluster) {
  Json nodes = Json::array();
  for (const auto& record : state.run.nodes) nodes.push_back(node_json(record, cluster));
  Json placed = Json::array();
  for (const auto& record : state.run.placed) placed.push_back(placed_json(record, cluster));
  Json waiting = Json::array();
  for (const auto& record : state.run.waiting) waiting.push_back(waiting_json(record));
  const Json out = {{"schema", kStateSchema},
                    {"version", kStateVersion},
                    {"scenario", state.scenario},
                    {"policy", state.policy},
                    {"seed", state.seed},
                    {"at_s", seconds_text(state.run.at)},
                    {"submitted", state.run.submitted},
                    {"nodes", std::move(nodes)},
                    {"placed", std::move(placed)},
                    {"waiting", std::move(waiting)},
                    {"queue", queue_json(state.run.queue)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
