#pragma once
// The inside of Simulation, for its own files: the loop and the queue (simulation.cpp), starts and
// ends (simulation_starts.cpp), nodes that change (simulation_nodes.cpp), saving and going on
// (simulation_state.cpp).

#include "sim/core/event_queue.hpp"
#include "sim/run/audit.hpp"
#include "sim/run/failure_clock.hpp"
#include "sim/run/simulation.hpp"
#include "sim/run/weight_cache.hpp"

#include <array>
#include <map>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace headroom {

class Simulation::Impl {
 public:
  Impl(const SimulationParts& parts, const SimulationOptions& options);

  Status run();
  std::uint64_t handled() const { return handled_; }
  const std::optional<RunState>& state() const { return dumped_; }

 private:
  // Classes of events at one instant, in order. Ends come first so that what they free can be used
  // by what arrives, and so that what ends when its node fails has ended and is not lost. Nodes
  // change before arrivals, so that whoever arrives finds the cluster as it then is. Limits come
  // last so that a request is tried once more at its last instant.
  static constexpr int kEnds = 0;
  static constexpr int kNodes = 1;
  static constexpr int kArrivals = 2;
  static constexpr int kPass = 3;
  static constexpr int kLimits = 4;

  // The clock ends at 292 years; what is added to an instant without a check is shorter than the
  // rest.
  static constexpr SimTime kLastInstant{std::chrono::hours(24 * 365 * 250)};

  struct Arrive {};
  struct Ready {
    RequestId request;
  };
  struct StartFailed {
    RequestId request;
  };
  struct Restart {
    RequestId request;
  };
  struct Complete {
    RequestId request;
  };
  struct NodeChanges {
    std::size_t event;  // of dynamics.events
  };
  struct NodeFails {
    NodeId node;
  };
  struct NodeRepaired {
    NodeId node;
  };
  struct Pass {};
  struct LimitReached {
    RequestId request;
  };
  using Event = std::variant<Arrive, Ready, StartFailed, Restart, Complete, NodeChanges, NodeFails,
                             NodeRepaired, Pass, LimitReached>;
  using Queue = EventQueue<Event>;

  // The last time a shape did not fit. What it says holds for every request of the shape until
  // capacity is freed.
  struct LastTry {
    Outcome outcome = Outcome::rejected_unclassified;
    std::string reason;
    std::uint64_t freed_position = 0;
    bool replanned = false;  // the request had been refused before: its answer was for it alone
  };

  struct Live {
    Request request;
    const InternedShape* shape = nullptr;
    std::optional<Queue::Handle> limit;  // while waiting
    std::uint64_t queued = 0;            // its number in the order of joining the queue
    std::optional<Placement> placement;
    PlacementPhase phase{};             // while placed
    std::optional<Queue::Handle> next;  // the phase's end
    SimTime next_at{};
    SimTime limit_at{};
    bool told = false;  // the queue knows that it runs
    bool ready = false;
    SimTime ready_at{};
    int attempts = 0;
    int attempts_before = 0;  // of these, in placements that lost a node
    std::vector<std::string> refused_by;
    Duration remaining{};            // of its lifetime
    Duration held_before{};          // in placements that lost a node
    std::optional<SimTime> lost_at;  // lost a node then, and waits to be placed again
    LossCause cause{};
  };

  // Only there where nodes change.
  struct NodeTrack {
    NodeCondition condition;
    std::vector<RequestId> on;  // what is placed there
    std::uint64_t failures = 0;
    std::optional<Queue::Handle> next;  // its failure or repair
    SimTime next_at{};
  };

  template <class Call>
  void tell(Call call) {
    for (Observer* observer : parts_.observers) call(*observer);
  }

  // simulation.cpp
  void advance(SimTime to);
  Status pull_request();
  Status check_request(Request& request) const;
  void announce(const InternedShape& shape);
  QueueEntry queue_entry(RequestId id, const Live& live);
  void enqueue(RequestId id, Live& live);
  void want_pass();
  void ask_for_wake();
  TryResult attempt(RequestId id);
  RoomSearch::Freed freed_since_last_try(const Live& live) const;
  const LastTry& remember_try(const Live& live, std::string reason, RoomSearch::Freed freed);
  void leave_queue(RequestId id, Live& live);
  void end(RequestId id, Outcome outcome, std::string reason, bool timed_out,
           bool completed = false);
  void finish();
  Status handle(const Arrive&);
  Status handle(const Pass&);
  Status handle(const LimitReached& event);

  // simulation_starts.cpp
  void start(RequestId id, Live& live, const Layout& layout, const Placer& placer);
  void expect_end(RequestId id, Live& live);
  void give_back(Live& live);
  void try_start(RequestId id, Live& live);
  void schedule(RequestId id, Live& live, PlacementPhase phase, SimTime at);
  Duration load_time(Placement& placement) const;
  void keep_weights(const Placement& placement);
  const EngineVerdict& engine_verdict(const Placement& placement);
  Duration backoff(int attempts) const;
  void release(Live& live);
  static Outcome served_outcome(const Placement& placement);
  Status handle(const Ready& event);
  Status handle(const StartFailed& event);
  Status handle(const Restart& event);
  Status handle(const Complete& event);

  // simulation_nodes.cpp
  void begin_nodes();
  void change_node(NodeId node, const NodeCondition& to, LossCause cause);
  void put_on_nodes(const Live& live, bool on);
  void lose(RequestId id, NodeId node, LossCause cause);
  void schedule_failure(NodeId node, SimTime from);
  void schedule_node(NodeId node, SimTime from, Duration wait);
  Status handle(const NodeChanges& event);
  Status handle(const NodeFails& event);
  Status handle(const NodeRepaired& event);

  // simulation_state.cpp
  RunState save(SimTime at) const;
  static RequestRecord record_of(RequestId id, const Live& live);
  Status resume(const RunState& from);
  Status resume_nodes(const RunState& from);
  Status resume_placed(const RunState& from, const PlacedRecord& record);
  Status resume_waiting(const RunState& from, const WaitingRecord& record);
  Status take_requests(const RunState& from);

  SimulationParts parts_;
  SimulationOptions options_;
  Cluster cluster_;
  ShapeTable shapes_;
  Audit audit_;
  const QueueNeeds queue_needs_;
  std::optional<FailureClock> failures_;
  std::optional<WeightCache> disks_;
  std::vector<NodeTrack> nodes_;  // by node; empty where nodes do not change
  Queue events_;
  std::optional<SimTime> now_;
  bool clock_runs_ = false;  // from the first arrival, or from where the run goes on
  std::optional<Request> next_request_;
  std::unordered_map<RequestId, Live> live_;
  std::unordered_map<ShapeId, LastTry> last_tries_;
  // By the shape as served, GPU type, plan and the U that the policy set.
  std::map<std::tuple<ShapeId, GpuTypeId, ParallelPlan, std::optional<std::int64_t>>, EngineVerdict>
      verdicts_;
  SystemState state_;
  std::array<std::uint64_t, kOutcomeCount> outcomes_{};
  std::uint64_t next_id_ = 0;    // of the next arrival
  std::uint64_t submitted_ = 0;  // in this run
  std::uint64_t queued_ = 0;
  std::uint64_t handled_ = 0;
  std::uint64_t freed_at_last_pass_ = 0;
  std::optional<SimTime> wake_;  // earliest pass that the discipline asked for
  bool pass_wanted_ = false;
  std::optional<RunState> dumped_;
};

}  // namespace headroom
