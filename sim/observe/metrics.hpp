#pragma once
// The figures of a run, folded as it goes. Definitions: docs/metrics.md.

#include "sim/core/int128.hpp"
#include "sim/observe/histogram.hpp"
#include "sim/observe/measure_window.hpp"
#include "sim/observe/observer.hpp"
#include "sim/observe/stranded.hpp"
#include "sim/plan/plan_space.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace headroom {

/// One figure of a run. Keys are stable and documented; they are what tables, results and gates
/// name.
struct MetricValue {
  std::string key;    // "unserved_rate"
  std::string label;  // "unserved"
  std::string unit;   // "%", "GPU-h", "s", "1"
  double value = 0.0;
};

/// Figures that only some runs have: of node events, of weights on disks.
struct MetricExtras {
  bool nodes = false;
  bool disks = false;
};

class Metrics final : public Observer {
 public:
  Metrics(const ClusterSpec& cluster, PlanSpace& plans, MeasureWindow window,
          MetricExtras extras = {});

  void begun(const Cluster& cluster) override { cluster_ = &cluster; }
  void submitted(SimTime now, RequestId id, const Request& request,
                 const InternedShape& shape) override;
  void refused(SimTime now, const Placement& placement, const Refusal& refusal,
               int attempt) override;
  void placed(SimTime now, const Placement& placement) override;
  void ready(SimTime now, const Placement& placement) override;
  void lost(SimTime now, const Placement& placement, const Loss& loss) override;
  void node_changed(SimTime now, NodeId node, const NodeCondition& condition) override;
  void resumed(SimTime now) override { resumed_at_ = now; }
  void released(SimTime now, const Placement& placement, bool served) override;
  void finished(SimTime now, const Request& request, const InternedShape& shape,
                const OutcomeRecord& record) override;
  void elapsed(SimTime from, SimTime to, const SystemState& state) override;

  [[nodiscard]] std::vector<MetricValue> values() const;
  [[nodiscard]] std::uint64_t count(Outcome outcome) const {
    return outcomes_[static_cast<std::size_t>(outcome)];
  }
  [[nodiscard]] std::uint64_t submitted_count() const { return submitted_; }
  /// Requests refused by the engine, by rule.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& refused_by_rule() const {
    return refused_by_rule_;
  }

 private:
  struct Group {
    int ended = 0;
    int served = 0;
  };

  [[nodiscard]] std::int64_t clip_ns(SimTime from, SimTime to) const;
  void count_task(SimTime now, SimTime arrival, bool completed);
  [[nodiscard]] std::int64_t efficiency_ppm(const Placement& placement);
  [[nodiscard]] std::int64_t link_quality_ppm(const Placement& placement) const;

  PlanSpace& plans_;
  MeasureWindow window_;
  MetricExtras extras_;
  const Cluster* cluster_ = nullptr;  // while the run goes on
  StrandedGpus stranded_;
  std::optional<SimTime> resumed_at_;  // time before it is not this run's
  std::int64_t gpus_;                  // of the cluster
  std::int64_t full_gpus_;             // of others' memory, on nodes that are there
  std::unordered_set<NodeId> gone_;
  std::array<std::uint64_t, kOutcomeCount> outcomes_{};
  std::map<std::string, std::uint64_t> refused_by_rule_;
  std::uint64_t submitted_ = 0;
  std::uint64_t failed_starts_ = 0;
  std::unordered_map<RequestId, SimTime> ready_at_;
  std::unordered_set<RequestId> refused_;  // placements whose start failed
  std::unordered_map<std::string, Group> open_groups_;
  std::unordered_set<RequestId> lost_before_;  // live, and lost a node before
  std::unordered_set<NodeId> down_;
  std::uint64_t node_failures_ = 0;
  std::uint64_t losses_ = 0;
  std::uint64_t placed_again_ = 0;
  std::uint64_t disk_loads_ = 0;
  std::uint64_t groups_complete_ = 0;
  std::uint64_t groups_partial_ = 0;
  DurationHistogram waits_;
  std::uint64_t completed_tasks_ = 0;
  Int128 completion_ns_ = 0;  // sum over those of arrival to end
  std::optional<SimTime> first_task_;
  std::optional<SimTime> last_completion_;
  Int128 held_milli_ns_ = 0;
  Int128 capacity_milli_ns_ = 0;
  Int128 stranded_gpu_ns_ = 0;
  Int128 useful_milli_ns_ = 0;
  Int128 lost_milli_ns_ = 0;       // held by placements that the engine refused
  Int128 failure_milli_ns_ = 0;    // held in vain by placements that lost a node
  Int128 efficient_milli_ns_ = 0;  // of LLM deployments, weighted by parallel efficiency
  Int128 llm_useful_milli_ns_ = 0;
  Int128 linked_milli_ns_ = 0;       // of placements on two GPUs or more
  Int128 well_linked_milli_ns_ = 0;  // weighted by their links over the best there can be
};

}  // namespace headroom
