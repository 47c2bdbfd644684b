#pragma once
// What a run tells those who watch. Observers record; they never influence.

#include "sim/engine/engine.hpp"
#include "sim/observe/outcome.hpp"
#include "sim/policy/placer.hpp"
#include "sim/workload/request.hpp"

#include <span>

namespace headroom {

/// A deployment or task on its GPUs.
struct Placement {
  RequestId request{};
  const InternedShape* shape = nullptr;
  Layout layout;
  std::vector<NodeHolding> holdings;  // one per node
  SimTime since{};                    // GPUs held since
  std::int64_t milli = 0;             // sum over devices

  [[nodiscard]] int gpus() const;
  [[nodiscard]] bool one_node() const { return holdings.size() == 1; }
};

/// The state between two events.
struct SystemState {
  std::int64_t milli_held = 0;
  std::int64_t idle_gpus = 0;
  std::int64_t waiting = 0;
  std::int64_t starting = 0;  // GPUs held, engine not ready
  std::int64_t running = 0;
  friend bool operator==(const SystemState&, const SystemState&) = default;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void submitted(SimTime, RequestId, const Request&, const InternedShape&) {}
  /// A placer was asked. `passed_over` is empty unless wants_reasons().
  virtual void decided(SimTime, RequestId, std::string_view /*placer*/, const Decision&,
                       std::span<const PassedOver>) {}
  virtual void placed(SimTime, const Placement&) {}
  /// The engine refused attempt `attempt` (from 1) of this placement.
  virtual void refused(SimTime, const Placement&, const Refusal&, int /*attempt*/) {}
  virtual void ready(SimTime, const Placement&) {}
  /// The GPUs were given back; `served` = the engine was ready before.
  virtual void released(SimTime, const Placement&, bool /*served*/) {}
  virtual void finished(SimTime, const Request&, const InternedShape&, const OutcomeRecord&) {}
  /// The state was this from `from` to `to`; called once per step of the clock, from < to.
  virtual void elapsed(SimTime /*from*/, SimTime /*to*/, const SystemState&) {}
  virtual void ended(SimTime) {}

  /// Whether the placer is to explain, at this try of this request, what it passed over (costs
  /// time).
  [[nodiscard]] virtual bool wants_reasons(RequestId) const { return false; }
};

}  // namespace headroom
