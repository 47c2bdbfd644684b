#pragma once
// A run at one instant, as plain data: what it takes to go on from there. Requests are told by
// their number in the workload, which the run that goes on reads again.

#include "sim/cluster/cluster.hpp"
#include "sim/cluster/node_condition.hpp"
#include "sim/engine/engine.hpp"
#include "sim/observe/observer.hpp"
#include "sim/policy/queue_memory.hpp"
#include "sim/run/weight_cache.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headroom {

/// What a placement is doing, and so what its next event is.
enum class PlacementPhase : std::uint8_t {
  loading,  // then ready
  failing,  // then refused by the engine
  pausing,  // then started again
  running,  // then complete
};

/// A node that is not as it was at the start.
struct NodeRecord {
  NodeId node{};
  NodeCondition condition;
  std::uint64_t failures = 0;   // by chance, so far
  std::optional<SimTime> next;  // its next failure, or its repair; with failures by chance
  std::vector<WeightCache::Entry> disk;
};

/// What waiting and placed requests have in common.
struct RequestRecord {
  RequestId request{};
  std::string name;
  int attempts = 0;
  int attempts_before = 0;  // of these, in placements that lost a node
  std::vector<std::string> refused_by;
  Duration remaining{};    // of its lifetime
  Duration held_before{};  // in placements that lost a node
};

struct PlacedRecord {
  RequestRecord request;
  PlacementPhase phase{};
  SimTime next{};  // of the phase's end
  GpuTypeId gpu{};
  ParallelPlan plan;
  std::vector<NodeHolding> holdings;
  SimTime since{};
  std::optional<SimTime> ready_at;
  int nodes_from_disk = 0;
  int degradation = 0;  // of those that the request allows, from 1; 0 = as asked
  std::optional<std::int64_t> utilisation_ppm = std::nullopt;  // that the policy set, in millionths
};

struct WaitingRecord {
  RequestRecord request;
  std::optional<SimTime> limit;
  std::optional<SimTime> lost_at;  // waits to be placed again
  LossCause cause{};
  /// What the last try of its shape said, where it still holds.
  std::optional<Outcome> last_outcome;
  std::string last_reason;
};

struct RunState {
  SimTime at{};                        // everything up to here has happened
  std::uint64_t submitted = 0;         // requests that have arrived
  std::vector<NodeRecord> nodes;       // ascending
  std::vector<PlacedRecord> placed;    // in the order of their next events
  std::vector<WaitingRecord> waiting;  // in the order of the queue
  QueueMemory queue;
};

}  // namespace headroom
