#include "study/decision_log.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

// A record names this many candidates that were passed over; the rest are counted.
constexpr std::size_t kMostPassedOver = 24;

double seconds(SimTime time) { return to_seconds(time); }

Json shape_facts(const RequestShape& shape) {
  Json out;
  if (const auto* llm = std::get_if<LlmDeployment>(&shape.what)) {
    out["model"] = llm->model->name;
    out["weight_bytes"] = weight_bytes(*llm->model);
    out["context"] = llm->limits.context;
    out["sequences"] = llm->limits.sequences;
    out["utilisation"] = static_cast<double>(llm->limits.utilisation_ppm) / 1e6;
    if (llm->shared) out["shared"] = true;
    if (!llm->allowed_tp.empty()) out["allowed_tp"] = llm->allowed_tp;
    for (const Degradation& degradation : llm->degradations) {
      out["degradations"].push_back(to_text(degradation));
    }
  } else {
    out["gpus"] = shape.opaque().gpus;
    if (shape.opaque().milli != kWholeGpu) out["gpu_milli"] = shape.opaque().milli;
  }
  if (shape.cpu_milli > 0) out["cpu_milli"] = shape.cpu_milli;
  if (shape.ram > 0) out["ram_bytes"] = shape.ram;
  if (!shape.allowed_gpus.empty()) out["gpu_types"] = shape.allowed_gpus;
  return out;
}

}  // namespace

struct DecisionLog::Sink {
  gzFile file = nullptr;
  std::filesystem::path path;
  bool failed = false;

  void write(const Json& record) {
    const std::string line =
        record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    if (gzwrite(file, line.data(), static_cast<unsigned>(line.size())) <= 0) failed = true;
  }
};

DecisionLog::DecisionLog(std::unique_ptr<Sink> sink, const ClusterSpec& cluster)
    : sink_(std::move(sink)), cluster_(cluster) {}

DecisionLog::~DecisionLog() {
  if (sink_->file != nullptr) gzclose(sink_->file);
}

Result<std::unique_ptr<DecisionLog>> DecisionLog::open(const std::filesystem::path& file,
                                                       const ClusterSpec& cluster) {
  auto sink = std::make_unique<Sink>();
  sink->path = file;
  sink->file = gzopen(file.c_str(), "wb1");
  if (sink->file == nullptr) return fail("cannot write this file", {file.string()});
  return std::unique_ptr<DecisionLog>(new DecisionLog(std::move(sink), cluster));
}

Status DecisionLog::close() {
  const int code = gzclose(sink_->file);
  sink_->file = nullptr;
  if (code != Z_OK || sink_->failed) {
    return fail("writing this file failed: is the disk full?", {sink_->path.string()});
  }
  return {};
}

void DecisionLog::submitted(SimTime now, RequestId id, const Request& request,
                            const InternedShape& shape) {
  Json record = {
      {"event", "submitted"}, {"t", seconds(now)}, {"request", index(id)}, {"name", request.name}};
  record.update(shape_facts(shape.shape));
  if (!request.group.empty()) record["group"] = request.group;
  sink_->write(record);
  if (shape.shape.kind() == RequestKind::opaque) opaque_.insert(id);
}

void DecisionLog::decided(SimTime now, RequestId id, std::string_view placer,
                          const Decision& decision, std::span<const PassedOver> passed_over) {
  const bool place = std::holds_alternative<Place>(decision);
  // The first try in full; later ones only when they change something. Their number is in the last.
  const int tries = ++tries_[id];
  if (!place && tries > 1 && std::holds_alternative<NotNow>(decision)) return;
  Json record = {{"event", "decided"},
                 {"t", seconds(now)},
                 {"request", index(id)},
                 {"placer", placer},
                 {"try", tries}};
  if (place) {
    const auto& layout = std::get<Place>(decision).layout;
    record["verdict"] = "place";
    record["why"] = std::get<Place>(decision).why;
    if (layout.degradation > 0) record["degradation"] = layout.degradation;
    if (layout.utilisation_ppm) {
      record["utilisation"] = static_cast<double>(*layout.utilisation_ppm) / 1e6;
    }
    if (!layout.parts.empty() && !layout.parts.front().devices.empty()) {
      record["gpu"] = cluster_.gpu_types[index(layout.gpu)].name;
    }
    if (opaque_.erase(id) == 0) {
      record["tp"] = layout.plan.tp;
      record["pp"] = layout.plan.pp;
      record["plan"] = plan_text(layout.plan);
    }
    tries_.erase(id);
  } else if (const auto* never = std::get_if<Never>(&decision)) {
    record["verdict"] = "never";
    record["why"] = never->reason;
  } else {
    record["verdict"] = "not_now";
    record["why"] = std::get<NotNow>(decision).reason;
  }
  if (!passed_over.empty()) {
    Json list = Json::array();
    for (const auto& item : passed_over.first(std::min(passed_over.size(), kMostPassedOver))) {
      Json entry = {{"what", item.what}, {"why", item.why}};
      if (!item.rule.empty()) entry["rule"] = item.rule;
      if (item.short_bytes > 0) entry["short_bytes"] = item.short_bytes;
      if (item.worse_ppm > 0) entry["worse_ppm"] = item.worse_ppm;
      list.push_back(std::move(entry));
    }
    record["passed_over"] = std::move(list);
    if (passed_over.size() > kMostPassedOver) {
      record["passed_over_more"] = passed_over.size() - kMostPassedOver;
    }
  }
  sink_->write(record);
}

void DecisionLog::placed(SimTime now, const Placement& placement) {
  Json nodes = Json::array();
  for (const auto& holding : placement.holdings) {
    nodes.push_back({{"node", cluster_.nodes[index(holding.node)].name},
                     {"devices", holding.devices},
                     {"milli", holding.per_gpu.milli},
                     {"bytes", holding.per_gpu.bytes}});
  }
  sink_->write({{"event", "placed"},
                {"t", seconds(now)},
                {"request", index(placement.request)},
                {"nodes", std::move(nodes)}});
}

void DecisionLog::refused(SimTime now, const Placement& placement, const Refusal& refusal,
                          int attempt) {
  Json record = {{"event", "refused"},
                 {"t", seconds(now)},
                 {"request", index(placement.request)},
                 {"attempt", attempt},
                 {"rule", refusal.rule}};
  if (attempt == 1) record["sentence"] = refusal.sentence;
  sink_->write(record);
}

void DecisionLog::ready(SimTime now, const Placement& placement) {
  sink_->write({{"event", "ready"}, {"t", seconds(now)}, {"request", index(placement.request)}});
}

void DecisionLog::lost(SimTime now, const Placement& placement, const Loss& loss) {
  sink_->write({{"event", "lost"},
                {"t", seconds(now)},
                {"request", index(placement.request)},
                {"node", cluster_.nodes[index(loss.node)].name},
                {"cause", loss_name(loss.cause)}});
  if (placement.shape->shape.kind() == RequestKind::opaque) opaque_.insert(placement.request);
}

void DecisionLog::finished(SimTime now, const Request&, const InternedShape&,
                           const OutcomeRecord& record) {
  Json out = {{"event", "finished"},
              {"t", seconds(now)},
              {"request", index(record.request)},
              {"outcome", outcome_name(record.outcome)}};
  if (!record.reason.empty()) out["reason"] = record.reason;
  if (record.timed_out) out["timeout"] = true;
  out["attempts"] = record.attempts;
  out["waited_s"] = to_seconds(record.waited);
  if (const auto tries = tries_.find(record.request); tries != tries_.end()) {
    out["tries"] = tries->second;
    tries_.erase(tries);
  }
  opaque_.erase(record.request);
  sink_->write(out);
}

}  // namespace headroom
