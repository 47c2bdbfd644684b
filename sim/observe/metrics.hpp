#pragma once
// The figures of a run, folded as it goes. Definitions: docs/metrics.md.

#include "sim/core/int128.hpp"
#include "sim/observe/histogram.hpp"
#include "sim/observe/measure_window.hpp"
#include "sim/observe/observer.hpp"
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

class Metrics final : public Observer {
 public:
  Metrics(const ClusterSpec& cluster, PlanSpace& plans, MeasureWindow window);

  void submitted(SimTime now, RequestId id, const Request& request,
                 const InternedShape& shape) override;
  void refused(SimTime now, const Placement& placement, const Refusal& refusal,
               int attempt) override;
  void ready(SimTime now, const Placement& placement) override;
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
  [[nodiscard]] std::int64_t efficiency_ppm(const Placement& placement);
  [[nodiscard]] std::int64_t link_quality_ppm(const Placement& placement) const;

  PlanSpace& plans_;
  MeasureWindow window_;
  std::int64_t capacity_milli_;
  std::array<std::uint64_t, kOutcomeCount> outcomes_{};
  std::map<std::string, std::uint64_t> refused_by_rule_;
  std::uint64_t submitted_ = 0;
  std::uint64_t failed_starts_ = 0;
  std::unordered_map<RequestId, SimTime> ready_at_;
  std::unordered_set<RequestId> refused_;  // placements whose start failed
  std::unordered_map<std::string, Group> open_groups_;
  std::uint64_t groups_complete_ = 0;
  std::uint64_t groups_partial_ = 0;
  DurationHistogram waits_;
  Int128 held_milli_ns_ = 0;
  Int128 capacity_milli_ns_ = 0;
  Int128 useful_milli_ns_ = 0;
  Int128 lost_milli_ns_ = 0;       // held by placements that the engine refused
  Int128 efficient_milli_ns_ = 0;  // of LLM deployments, weighted by parallel efficiency
  Int128 llm_useful_milli_ns_ = 0;
  Int128 linked_milli_ns_ = 0;       // of placements on two GPUs or more
  Int128 well_linked_milli_ns_ = 0;  // weighted by their links over the best there can be
};

}  // namespace headroom
