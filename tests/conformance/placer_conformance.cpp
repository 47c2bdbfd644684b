#include "tests/conformance/placer_conformance.hpp"

#include "sim/core/assert.hpp"
#include "sim/run/audit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace headroom::test {
namespace {

constexpr std::size_t kComplaintsPerCheck = 3;

class Complaints {
 public:
  void add(const std::string& check, const std::string& text) {
    if (++counts_[check] <= kComplaintsPerCheck) list_.push_back({check, text});
  }
  [[nodiscard]] std::vector<Complaint> take() { return std::move(list_); }

 private:
  std::map<std::string, std::size_t> counts_;
  std::vector<Complaint> list_;
};

std::string text_of(const Decision& decision) {
  if (const auto* not_now = std::get_if<NotNow>(&decision)) return "not now: " + not_now->reason;
  if (const auto* never = std::get_if<Never>(&decision)) return "never: " + never->reason;
  const auto& place = std::get<Place>(decision);
  std::string text = fmt::format("TP {} x PP {} on type {}", place.layout.plan.tp,
                                 place.layout.plan.pp, index(place.layout.gpu));
  for (const auto& part : place.layout.parts) {
    text += fmt::format(" {}x{}.{}[{}]", part.nodes, part.node_class.slot,
                        part.node_class.generation, fmt::join(part.devices, ","));
    if (part.charge) text += fmt::format("={}", *part.charge);
    if (part.node) text += fmt::format(" on node {}", index(*part.node));
  }
  return text + ": " + place.why;
}

/// Codes go into tables and gates: "no_room".
bool is_code(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

/// Stands between the simulation and a placer, and asks every question several times; now and then
/// also one that was just made, which remembers nothing but what has arrived.
class WatchedPlacer final : public Placer {
 public:
  using Make = std::function<std::unique_ptr<Placer>()>;
  WatchedPlacer(Placer& inner, Make make, Complaints& complaints)
      : inner_(inner), make_(std::move(make)), complaints_(complaints) {}

  [[nodiscard]] std::string_view name() const override { return inner_.name(); }
  [[nodiscard]] bool takes(RequestKind kind) const override { return inner_.takes(kind); }
  [[nodiscard]] bool reads_weights() const override { return inner_.reads_weights(); }
  [[nodiscard]] bool reads_kinds() const override { return inner_.reads_kinds(); }
  void arrived(const InternedShape& shape) override {
    arrived_.push_back(&shape);
    inner_.arrived(shape);
  }

  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>* log) override {
    Decision decision = inner_.place(request, cluster, log);
    const std::string text = text_of(decision);
    std::vector<PassedOver> reasons;
    const std::string again = text_of(inner_.place(request, cluster, &reasons));
    if (again != text) {
      complaints_.add("same_answer", fmt::format("first '{}', then '{}'", text, again));
    }
    PlacementRequest everywhere = request;
    everywhere.freed.reset();
    const std::string anew = text_of(inner_.place(everywhere, cluster, nullptr));
    if (anew != text) {
      complaints_.add("freed", fmt::format("'{}' among freed nodes, '{}' everywhere", text, anew));
    }
    if (++asked_ % kFreshEvery == 0) check_fresh(request, cluster, text);
    check_reason(decision);
    for (const auto& reason : reasons) {
      if (reason.what.empty() || reason.why.empty()) {
        complaints_.add("reason", "something was passed over without saying what or why");
      }
    }
    if (const auto* place = std::get_if<Place>(&decision)) {
      const std::string wrong = illegal(cluster, request.shape, place->layout);
      if (!wrong.empty()) complaints_.add("legal", fmt::format("{}: {}", text, wrong));
    }
    return decision;
  }

 private:
  void check_fresh(const PlacementRequest& request, const Cluster& cluster,
                   const std::string& text) {
    const auto fresh = make_();
    for (const InternedShape* shape : arrived_) fresh->arrived(*shape);
    const std::string first = text_of(fresh->place(request, cluster, nullptr));
    if (first == text) return;
    complaints_.add("remembers", fmt::format("'{}', and '{}' of one just made", text, first));
  }

  void check_reason(const Decision& decision) {
    if (const auto* place = std::get_if<Place>(&decision)) {
      if (place->why.empty()) complaints_.add("reason", "a placement without a reason");
      return;
    }
    const auto* never = std::get_if<Never>(&decision);
    const std::string& reason =
        never != nullptr ? never->reason : std::get<NotNow>(decision).reason;
    if (reason.empty()) complaints_.add("reason", "a rejection without a reason");
    if (!reason.empty() && !is_code(reason)) {
      complaints_.add("reason", fmt::format("'{}' is not a short code", reason));
    }
  }

  static constexpr std::size_t kFreshEvery = 7;

  Placer& inner_;
  Make make_;
  Complaints& complaints_;
  std::vector<const InternedShape*> arrived_;
  std::size_t asked_ = 0;
};

/// Judges every failed try anew, on a cluster of its own and without what the simulation remembers.
class ShadowAudit final : public Observer {
 public:
  explicit ShadowAudit(World& world) : world_(world), cluster_(world.spec), audit_(world.plans) {}

  void submitted(SimTime, RequestId id, const Request& request, const InternedShape&) override {
    shapes_[id] = request.shape;
  }
  void decided(SimTime, RequestId id, std::string_view, const Decision& decision,
               std::span<const PassedOver>) override {
    if (std::holds_alternative<Place>(decision)) return;
    const InternedShape& shape = world_.shapes.intern(shapes_.at(id));
    last_[shape.id] = audit_.judge(cluster_, shape);
  }
  void placed(SimTime, const Placement& placement) override { cluster_.take(placement.holdings); }
  void released(SimTime, const Placement& placement, bool) override {
    cluster_.give_back(placement.holdings);
  }
  void node_changed(SimTime, NodeId node, const NodeCondition& condition) override {
    cluster_.set_in_service(node, condition.in_service());
  }
  void finished(SimTime, const Request& request, const InternedShape&,
                const OutcomeRecord& record) override {
    const bool rejected = record.outcome == Outcome::rejected_incompatible ||
                          record.outcome == Outcome::rejected_no_capacity ||
                          record.outcome == Outcome::rejected_policy_missed;
    if (!rejected) return;
    const auto last = last_.find(world_.shapes.intern(request.shape).id);
    if (last == last_.end()) return;
    if (last->second == record.outcome) return;
    wrong_.push_back(fmt::format("'{}' ended as {}, but its last try was {}", request.name,
                                 outcome_name(record.outcome), outcome_name(last->second)));
  }
  [[nodiscard]] const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  World& world_;
  Cluster cluster_;
  Audit audit_;
  std::map<RequestId, RequestShape> shapes_;
  std::map<ShapeId, Outcome> last_;
  std::vector<std::string> wrong_;
};

struct WatchedRun {
  Recorder recorder;
  bool faulted = false;
};

WatchedRun watched_run(const Candidate& candidate, const ConformanceCase& conformance_case,
                       const std::vector<Request>& requests, Complaints& complaints) {
  World world(conformance_case.cluster);
  const auto inner = candidate.make(world);
  WatchedPlacer watched(
      *inner, [&] { return candidate.make(world); }, complaints);
  const auto others = make_policy(world, "fallback-search");
  Placer& for_llm = inner->takes(RequestKind::llm) ? static_cast<Placer&>(watched) : *others;
  ShadowLedger ledger(world.spec);
  World judging(conformance_case.cluster);
  ShadowAudit audit(judging);

  RunSetup setup;
  setup.observers = {&ledger, &audit};
  setup.simulation.dynamics = conformance_case.dynamics;
  if (inner->takes(RequestKind::opaque)) setup.base_placer = &watched;
  WatchedRun out;
  try {
    out.recorder = run(world, for_llm, requests, setup);
  } catch (const Fault& fault) {
    complaints.add("fault", fault.what());
    out.faulted = true;
    return out;
  }
  if (!ledger.wrong().empty()) complaints.add("ledger", ledger.wrong());
  if (!ledger.empty()) complaints.add("ledger", "something is still held at the end");
  for (const auto& wrong : audit.wrong()) complaints.add("audit", wrong);
  if (out.recorder.outcomes.size() != requests.size()) {
    complaints.add("outcomes", fmt::format("{} outcomes of {} requests",
                                           out.recorder.outcomes.size(), requests.size()));
  }
  if (!candidate.finds_all) return out;
  for (const auto& request : requests) {
    if (!inner->takes(request.shape.kind())) continue;
    if (out.recorder.outcomes.at(request.name).outcome == Outcome::rejected_policy_missed) {
      complaints.add("complete", fmt::format("'{}' had room and was not placed", request.name));
    }
  }
  return out;
}

/// What happened before the first request may have ended.
std::vector<std::string> lines_until(const Recorder& recorder, const std::string& last_arrival) {
  const auto found = std::find(recorder.lines.begin(), recorder.lines.end(), last_arrival);
  return {recorder.lines.begin(), found};
}

// Lifetimes that differ, all longer than arrivals go on: until then nothing may differ.
void check_lifetimes(const Candidate& candidate, const ConformanceCase& conformance_case,
                     Complaints& complaints) {
  std::vector<Request> shorter = conformance_case.requests;
  std::vector<Request> longer = conformance_case.requests;
  const Duration span = shorter.back().arrival - shorter.front().arrival;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    shorter[i].lifetime = span + std::chrono::hours(1);
    longer[i].lifetime = span + std::chrono::hours(i % 2 == 0 ? 1 : 100);
  }
  ConformanceCase with_checkpoints = conformance_case;  // 100 hours of work never end otherwise
  with_checkpoints.dynamics.tasks_start_over = false;
  Complaints ignored;
  const WatchedRun a = watched_run(candidate, with_checkpoints, shorter, ignored);
  const WatchedRun b = watched_run(candidate, with_checkpoints, longer, ignored);
  const Request& last = conformance_case.requests.back();
  const std::string line = fmt::format("{} arrives {}", seconds_text(last.arrival), last.name);
  if (lines_until(a.recorder, line) != lines_until(b.recorder, line)) {
    complaints.add("lifetimes", "other lifetimes, other decisions, though nothing had ended");
  }
}

}  // namespace

std::vector<Complaint> check_placer(const Candidate& candidate,
                                    const ConformanceCase& conformance_case) {
  Complaints complaints;
  const WatchedRun first =
      watched_run(candidate, conformance_case, conformance_case.requests, complaints);
  if (first.faulted) return complaints.take();
  Complaints ignored;
  const WatchedRun second =
      watched_run(candidate, conformance_case, conformance_case.requests, ignored);
  if (first.recorder.lines != second.recorder.lines) {
    complaints.add("same_run", "a second run went another way");
  }
  check_lifetimes(candidate, conformance_case, complaints);
  return complaints.take();
}

}  // namespace headroom::test
