#pragma once
// One run: requests arrive, a queue discipline orders them, placers lay them out, the engine starts
// or refuses them, they end. Many may run in one process; there is no shared state.
//
// Order at one instant (class numbers in simulation_impl.hpp): ends and starts, then changes of
// nodes, then arrivals in file order, then one pass over the queue, then waiting limits. A job of
// no duration ends in a further round of the same instant.

#include "sim/cluster/cluster.hpp"
#include "sim/core/result.hpp"
#include "sim/observe/observer.hpp"
#include "sim/plan/plan_space.hpp"
#include "sim/plan/shape_table.hpp"
#include "sim/policy/placer.hpp"
#include "sim/policy/queue_discipline.hpp"
#include "sim/run/dynamics.hpp"
#include "sim/run/run_state.hpp"
#include "sim/workload/request.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace headroom {

/// What becomes of a placement that the engine refuses.
enum class OnRefusal {
  restart_in_place,  // GPUs stay held, back-off, then refused_by_engine
  give_up,           // refused_by_engine after the first attempt
  replan,            // GPUs are given back, the placer is told the rule and asked again
};

/// Times of a start; estimates, all configurable.
struct StartupModel {
  std::int64_t storage_bandwidth = 2'000'000'000;  // bytes/s per node, where the node names none
  Duration configuration_check = std::chrono::seconds(15);
  Duration model_build = std::chrono::seconds(30);
  Duration memory_check = std::chrono::seconds(30);  // after loading
  Duration backoff_first = std::chrono::seconds(10);
  Duration backoff_most = std::chrono::seconds(300);
  int attempts = 10;
};

struct SimulationOptions {
  OnRefusal on_refusal = OnRefusal::restart_in_place;
  StartupModel startup;
  std::optional<Duration> waiting_limit = std::chrono::hours(1);  // nullopt = none
  /// Disciplines and policies see how long each request really takes, whatever it declares.
  bool exact_durations = false;
  std::optional<SimTime> until;  // stop here; running counts as placed, queued as waiting
  bool audit = true;
  ClusterDynamics dynamics;
  /// Keeps the state at this instant, once everything up to it has happened: state().
  std::optional<SimTime> dump_at;
  /// Goes on from there instead of the start; the requests are read from their first on all the
  /// same. Not owned; null = from the start.
  const RunState* from = nullptr;
};

/// Parts of a run, owned by the caller and outliving it.
struct SimulationParts {
  const ClusterSpec& cluster;
  PlanSpace& plans;
  Placer& placer;
  Placer& base_placer;  // for kinds that `placer` does not take
  QueueDiscipline& queue;
  RequestSource& requests;
  std::vector<Observer*> observers;
};

class Simulation {
 public:
  Simulation(const SimulationParts& parts, const SimulationOptions& options);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// Runs to the end. Error: of the request source; a state that is not of these requests and this
  /// cluster, or cannot be. Throws Fault on a broken promise (of a policy
  /// or of headroom): an illegal layout, a balance that does not add up.
  [[nodiscard]] Status run();

  /// The state at options.dump_at; nullopt where the run ended before.
  [[nodiscard]] const std::optional<RunState>& state() const;

  /// Number of events handled so far.
  [[nodiscard]] std::uint64_t events() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom
