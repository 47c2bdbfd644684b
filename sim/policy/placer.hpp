#pragma once
// The port of placement policies: all that a policy's author includes.
//
// A placer is a pure function of one request and a read-only view of the cluster, and at most of
// what has arrived so far. It sees declared
// estimates, never the future, and never the engine's verdict unless it asks the rules itself: that
// difference is naive against head-aware. It names classes of equal nodes and devices on them; the
// simulation picks the nodes with the lowest ids (or, asked for it, those that the network joins
// best), works out the holdings, and checks the plan.

#include "sim/cluster/cluster.hpp"
#include "sim/plan/plan_space.hpp"
#include "sim/plan/shape_table.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace headroom {

/// What a policy may know of a request.
struct PlacementRequest {
  const InternedShape& shape;
  SimTime arrival;
  std::optional<Duration> declared;  // how long the requester says it will run
  /// Rules that refused earlier attempts of this request, under on_refusal = "replan"; else empty.
  std::vector<std::string> refused_by;
  /// Nodes on which capacity was freed since this placer found no room for an equal shape; nullopt
  /// = look everywhere. What had no room then can only have room now with one of these, which is
  /// what a RoomSearch makes of it; a placer may ignore it.
  RoomSearch::Freed freed;
  /// Nodes whose disks hold the weights asked for, ascending; filled for placers that
  /// read_weights() in runs that have disks.
  std::span<const NodeId> weights_on = {};
  /// Its number in order of arrival, for placers that draw lots.
  RequestId id{};
};

/// Rule of a PassedOver that is no candidate, but what the scheduler that the policy stands for
/// tells a user.
inline constexpr const char* kTold = "told";

/// Something a placer looked at and passed over, for the decision log: one per plan and GPU type,
/// not per node. The figures stand in `why` too.
struct PassedOver {
  std::string what;            // "TP 3 on RTX-3090"
  std::string why;             // "vllm.heads: 32 attention heads do not split ..."
  std::string rule = {};       // "vllm.heads"; of the policy's own: "no_room", "worse"
  Bytes short_bytes = 0;       // that each GPU lacks
  std::int64_t worse_ppm = 0;  // of the worth of what was chosen
};

/// Place it now, as laid out.
struct Place {
  Layout layout;
  std::string why;
};
/// It does not fit now; ask again when capacity has been freed.
struct NotNow {
  std::string reason;  // stable short code: "no_room"
};
/// This policy will never place it on this cluster.
struct Never {
  std::string reason;
};
using Decision = std::variant<Place, NotNow, Never>;

/// What a placer works with for a whole run. Everything outlives it.
struct PlacerContext {
  const ClusterSpec& cluster;
  PlanSpace& plans;        // engine rules, cost model and ranked plans, for those that ask
  std::uint64_t seed = 1;  // of the run, for those that draw lots
};

class Placer {
 public:
  virtual ~Placer() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Kinds it takes; the rest go to the base placer that the scenario names.
  [[nodiscard]] virtual bool takes(RequestKind kind) const = 0;
  /// Whether it looks at PlacementRequest::weights_on.
  [[nodiscard]] virtual bool reads_weights() const { return false; }
  /// Whether it looks at NodeState::kinds.
  [[nodiscard]] virtual bool reads_kinds() const { return false; }
  /// Told once of each request that arrives, before anybody places it: for placers that go by what
  /// has come so far. Between two of these the same question has the same answer.
  virtual void arrived(const InternedShape& /*shape*/) {}
  /// Precondition: takes(request.shape.shape.kind()). Must return the same decision for the same
  /// request, cluster state and arrivals; whether there is room depends on the shape and the state
  /// alone. `log` is null unless the decision log is on: explain only then.
  [[nodiscard]] virtual Decision place(const PlacementRequest& request, const Cluster& cluster,
                                       std::vector<PassedOver>* log) = 0;
};

}  // namespace headroom
