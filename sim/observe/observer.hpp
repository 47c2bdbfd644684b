#pragma once
// What a run tells those who watch. Observers record; they never influence.

#include "sim/cluster/node_condition.hpp"
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
  int nodes_from_disk = 0;            // of its nodes, those that read the weights from their disks

  [[nodiscard]] int gpus() const;
  /// The shape as it is served: the one asked for, or under a degradation.
  [[nodiscard]] const InternedShape& served() const { return shape->served(layout.degradation); }
  [[nodiscard]] bool one_node() const { return holdings.size() == 1; }
};

/// The state between two events.
struct SystemState {
  std::int64_t milli_held = 0;
  std::int64_t idle_gpus = 0;
  std::int64_t waiting = 0;
  std::int64_t starting = 0;  // GPUs held, engine not ready
  std::int64_t running = 0;
  std::int64_t gpus_gone = 0;  // of nodes that are down or not there
  friend bool operator==(const SystemState&, const SystemState&) = default;
};

enum class LossCause : std::uint8_t { down, failed, removed };
/// "node_down", "node_failed", "node_removed": the reason of a `lost` request.
[[nodiscard]] std::string_view loss_name(LossCause cause);

/// How a placement lost a node.
struct Loss {
  NodeId node{};
  LossCause cause{};
  bool ready = false;  // it had been ready
  bool kept = false;   // its time since then was of use: a deployment served, a task can go on
};

class Observer {
 public:
  virtual ~Observer() = default;
  /// The run begins. The cluster is the one it changes: to look at as long as the run goes on.
  virtual void begun(const Cluster&) {}
  virtual void submitted(SimTime, RequestId, const Request&, const InternedShape&) {}
  /// A placer was asked. `passed_over` is empty unless wants_reasons().
  virtual void decided(SimTime, RequestId, std::string_view /*placer*/, const Decision&,
                       std::span<const PassedOver>) {}
  virtual void placed(SimTime, const Placement&) {}
  /// The engine refused attempt `attempt` (from 1) of this placement.
  virtual void refused(SimTime, const Placement&, const Refusal&, int /*attempt*/) {}
  virtual void ready(SimTime, const Placement&) {}
  /// A node of it went down or away; it is released next, and then waits or ends.
  virtual void lost(SimTime, const Placement&, const Loss&) {}
  virtual void node_changed(SimTime, NodeId, const NodeCondition&) {}
  /// The run goes on from the state at this instant: what was live then is submitted, placed and
  /// ready anew.
  virtual void resumed(SimTime) {}
  /// The GPUs were given back; `served` = the engine was ready before, and its time was of use.
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
