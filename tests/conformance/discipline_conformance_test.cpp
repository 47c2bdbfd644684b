// The promises of every queue discipline, checked from outside while it works under every placer:
// it offers those that wait and nobody else, it asks a shape that did not fit again only when
// something was freed, it loses nobody, and it goes the same way again.

#include "policies/registry.hpp"
#include "tests/conformance/placer_conformance.hpp"
#include "tests/sanitized.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

using namespace headroom;
using namespace headroom::test;

namespace {

/// Stands between the simulation and a discipline.
class WatchedQueue final : public QueueDiscipline {
 public:
  explicit WatchedQueue(QueueDiscipline& inner) : inner_(inner) {}

  [[nodiscard]] std::string_view name() const override { return inner_.name(); }
  [[nodiscard]] QueueNeeds needs() const override { return inner_.needs(); }
  [[nodiscard]] std::size_t size() const override { return inner_.size(); }
  [[nodiscard]] std::optional<SimTime> wake_at() const override { return inner_.wake_at(); }

  void add(const QueueEntry& entry) override {
    if (!waiting_.emplace(entry.request, entry).second) complain("added twice");
    inner_.add(entry);
  }
  void remove(RequestId request) override {
    waiting_.erase(request);
    inner_.remove(request);
  }
  void started(const RunningEntry& entry, SimTime now) override {
    if (!running_.insert(entry.request).second) complain("told twice that it started");
    inner_.started(entry, now);
  }
  void ended(RequestId request, SimTime now) override {
    if (running_.erase(request) == 0) complain("told that it ended, and it did not run");
    inner_.ended(request, now);
  }
  void pass(const PassState& state, const std::function<TryResult(RequestId)>& attempt) override {
    if (state.freed) failed_.clear();
    inner_.pass(state, [&](RequestId request) {
      const auto found = waiting_.find(request);
      if (found == waiting_.end()) {
        complain("offered one that does not wait");
        return TryResult::waiting;
      }
      const ShapeId shape = found->second.shape;
      // GPUStack looks at each request by itself.
      const bool by_shape = inner_.name() != "fifo-rescan";
      if (by_shape && failed_.contains(shape)) complain("offered a shape again that did not fit");
      const TryResult result = attempt(request);
      if (result == TryResult::waiting) failed_.insert(shape);
      return result;
    });
    if (inner_.size() != waiting_.size()) complain("lost count of who waits");
  }

  std::set<std::string> wrong;

 private:
  void complain(const std::string& text) { wrong.insert(text); }

  QueueDiscipline& inner_;
  std::map<RequestId, QueueEntry> waiting_;
  std::set<RequestId> running_;
  std::set<ShapeId> failed_;
};

struct Watched {
  Recorder recorder;
  std::set<std::string> wrong;
};

Watched watched_run(const ConformanceCase& used, const PolicyInfo& policy, const std::string& queue,
                    const QueueOptions& options, OnRefusal on_refusal) {
  World world(used.cluster);
  const auto placer = make_policy(world, policy.takes_llm ? policy.name : "fallback-search");
  const auto base = make_policy(world, policy.takes_opaque ? policy.name : "first-fit");
  const auto inner = require_value(make_queue_discipline(queue, options));
  WatchedQueue watched(*inner);
  ListSource source(used.requests);
  ShadowLedger ledger(world.spec);
  Watched out;
  SimulationOptions simulation_options;
  simulation_options.dynamics = used.dynamics;
  simulation_options.on_refusal = on_refusal;
  Simulation simulation(
      {world.spec, world.plans, *placer, *base, watched, source, {&out.recorder, &ledger}},
      simulation_options);
  if (const Status status = simulation.run(); !status) FAIL(status.error().text());
  out.wrong = watched.wrong;
  if (!ledger.wrong().empty()) out.wrong.insert(ledger.wrong());
  if (!ledger.empty()) out.wrong.insert("something is held at the end");
  if (out.recorder.outcomes.size() != used.requests.size()) {
    out.wrong.insert(fmt::format("{} outcomes of {} requests", out.recorder.outcomes.size(),
                                 used.requests.size()));
  }
  return out;
}

}  // namespace

constexpr std::size_t kOneOf = kSanitized ? 5 : 1;  // of the pairs

TEST_CASE("every queue discipline keeps its promises under every placer") {
  const auto cases = cases_to_run();
  std::size_t turn = 0;
  for (const std::string& queue : queue_discipline_names()) {
    for (const PolicyInfo& policy : policies()) {
      if (++turn % kOneOf != 0) continue;
      for (std::size_t i = 0; i < cases.size(); ++i) {
        // All of them under one placer; of each other pair one, in turn.
        if (i != turn / kOneOf % cases.size() && policy.name != "naive") continue;
        const ConformanceCase& used = cases[i];
        INFO(queue << " with " << policy.name << " on " << used.name);
        const auto once = watched_run(used, policy, queue, {}, OnRefusal::restart_in_place);
        CHECK(fmt::format("{}", fmt::join(once.wrong, "; ")).empty());
        if (policy.name != "first-fit" && policy.name != "naive") continue;
        const auto again = watched_run(used, policy, queue, {}, OnRefusal::restart_in_place);
        CHECK(once.recorder.lines == again.recorder.lines);
      }
    }
  }
}

// Not what it is made for, and nothing breaks.
TEST_CASE("queues that reserve machines lose nobody on clusters of any kind") {
  for (const std::string queue : {"easy", "conservative"}) {
    for (const auto& used : cases_to_run()) {
      for (const OnRefusal on_refusal : {OnRefusal::replan, OnRefusal::restart_in_place}) {
        INFO(queue << " on " << used.name);
        const PolicyInfo& policy = **find_policy("naive");
        const auto run = watched_run(used, policy, queue, {.reserve_machines = true}, on_refusal);
        CHECK(fmt::format("{}", fmt::join(run.wrong, "; ")).empty());
      }
    }
  }
}
