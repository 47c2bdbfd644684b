#include "sim/observe/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

constexpr std::int64_t kPpm = 1'000'000;
constexpr double kMilliNsPerGpuHour = 1000.0 * 3600.0 * 1e9;

double gpu_hours(Int128 milli_ns) { return static_cast<double>(milli_ns) / kMilliNsPerGpuHour; }

double percent(double part, double whole) { return whole > 0.0 ? 100.0 * part / whole : 0.0; }

}  // namespace

Metrics::Metrics(const ClusterSpec& cluster, PlanSpace& plans, MeasureWindow window,
                 MetricExtras extras)
    : plans_(plans),
      window_(window),
      extras_(extras),
      gpus_(cluster.gpu_count()),
      full_gpus_(gpus_ - cluster.capacity_gpus()) {}

std::int64_t Metrics::clip_ns(SimTime from, SimTime to) const {
  if (window_.from) from = std::max(from, *window_.from);
  if (resumed_at_) from = std::max(from, *resumed_at_);
  if (window_.to) to = std::min(to, *window_.to);
  return std::max<std::int64_t>(0, (to - from).count());
}

void Metrics::submitted(SimTime, RequestId, const Request& request, const InternedShape& shape) {
  if (shape.shape.kind() == RequestKind::llm) stranded_.add(shape, plans_);
  if (window_.contains(request.arrival)) ++submitted_;
}

void Metrics::refused(SimTime now, const Placement& placement, const Refusal&, int) {
  refused_.insert(placement.request);
  if (window_.contains(now)) ++failed_starts_;
}

void Metrics::placed(SimTime now, const Placement& placement) {
  if (lost_before_.contains(placement.request) && window_.contains(now)) ++placed_again_;
}

void Metrics::ready(SimTime now, const Placement& placement) {
  ready_at_[placement.request] = now;
  if (!extras_.nodes && !extras_.disks) return;
  if (window_.contains(now)) disk_loads_ += static_cast<std::uint64_t>(placement.nodes_from_disk);
  if (!lost_before_.contains(placement.request)) return;
  failure_milli_ns_ += static_cast<Int128>(placement.milli) * clip_ns(placement.since, now);
}

// What a refusal wasted already is counted there, when the GPUs are given back.
void Metrics::lost(SimTime now, const Placement& placement, const Loss& loss) {
  if (window_.contains(now)) ++losses_;
  const bool counted = loss.ready && lost_before_.contains(placement.request);
  lost_before_.insert(placement.request);
  if (loss.kept || refused_.contains(placement.request)) return;
  const SimTime from = counted ? ready_at_.at(placement.request) : placement.since;
  failure_milli_ns_ += static_cast<Int128>(placement.milli) * clip_ns(from, now);
}

void Metrics::node_changed(SimTime now, NodeId node, const NodeCondition& condition) {
  if (!condition.down && !condition.failed) {
    down_.erase(node);
  } else if (down_.insert(node).second && window_.contains(now)) {
    ++node_failures_;
  }
  const bool changed = condition.gone() ? gone_.insert(node).second : gone_.erase(node) > 0;
  if (!changed) return;
  const ClusterSpec& spec = cluster_->spec();
  const std::int64_t full = spec.full_gpus(spec.nodes[index(node)]);
  full_gpus_ += condition.gone() ? -full : full;
}

void Metrics::released(SimTime now, const Placement& placement, bool served) {
  const auto ready = ready_at_.find(placement.request);
  const bool refused = refused_.erase(placement.request) > 0;
  if (!served) {
    if (ready != ready_at_.end()) ready_at_.erase(ready);  // a task whose work was lost
    if (!refused) return;  // still loading when the run was cut off, or lost its node
    lost_milli_ns_ += static_cast<Int128>(placement.milli) * clip_ns(placement.since, now);
    return;
  }
  const Int128 useful = static_cast<Int128>(placement.milli) * clip_ns(ready->second, now);
  useful_milli_ns_ += useful;
  if (placement.gpus() > 1) {
    linked_milli_ns_ += useful;
    well_linked_milli_ns_ += useful / kPpm * link_quality_ppm(placement);
  }
  if (placement.shape->shape.kind() == RequestKind::llm) {
    llm_useful_milli_ns_ += useful;
    efficient_milli_ns_ += useful / kPpm * efficiency_ppm(placement);
  }
  ready_at_.erase(ready);
}

// Throughput per GPU over that of the best valid plan on the same type on the empty cluster.
std::int64_t Metrics::efficiency_ppm(const Placement& placement) {
  const std::int64_t best = plans_.best_per_gpu(placement.served(), placement.layout.gpu);
  if (best == 0) return kPpm;
  const GroupLinks links =
      plans_.links().of(placement.holdings, placement.layout.gpu, placement.layout.plan);
  const std::int64_t own = plans_.per_gpu(placement.served(), placement.layout, links);
  return std::min(kPpm, mul_div_floor(own, kPpm, best));
}

// The worst link among its GPUs over the best there can be for so many on the empty cluster.
std::int64_t Metrics::link_quality_ppm(const Placement& placement) const {
  const LinkView& links = plans_.links();
  const std::int64_t best = links.best_for(placement.layout.gpu, placement.gpus()).rate;
  if (best == 0) return kPpm;
  const std::int64_t own = links.worst(placement.holdings, placement.layout.gpu).rate;
  return std::min(kPpm, mul_div_floor(std::min(own, best), kPpm, best));
}

// Deployments serve until they are no longer wanted: only tasks have work to complete.
void Metrics::count_task(SimTime now, SimTime arrival, bool completed) {
  first_task_ = std::min(first_task_.value_or(arrival), arrival);
  if (!completed) return;
  ++completed_tasks_;
  completion_ns_ += (now - arrival).count();
  last_completion_ = std::max(last_completion_.value_or(now), now);
}

void Metrics::finished(SimTime now, const Request& request, const InternedShape& shape,
                       const OutcomeRecord& record) {
  lost_before_.erase(record.request);
  if (!window_.contains(request.arrival)) return;
  ++outcomes_[static_cast<std::size_t>(record.outcome)];
  const bool served = is_served(record.outcome);
  if (served) waits_.add(record.waited);
  if (shape.shape.kind() == RequestKind::opaque) {
    count_task(now, request.arrival, record.completed);
  }
  if (record.outcome == Outcome::refused_by_engine) ++refused_by_rule_[record.reason];
  if (request.group.empty()) return;
  Group& group = open_groups_[request.group];
  ++group.ended;
  group.served += served ? 1 : 0;
  if (group.ended < request.group_size) return;
  if (group.served == group.ended) ++groups_complete_;
  if (group.served > 0 && group.served < group.ended) ++groups_partial_;
  open_groups_.erase(request.group);
}

void Metrics::elapsed(SimTime from, SimTime to, const SystemState& state) {
  const std::int64_t ns = clip_ns(from, to);
  held_milli_ns_ += static_cast<Int128>(state.milli_held) * ns;
  const std::int64_t capacity = gpus_ - state.gpus_gone - full_gpus_;
  capacity_milli_ns_ += static_cast<Int128>(capacity * kWholeGpu) * ns;
  if (ns > 0) stranded_gpu_ns_ += static_cast<Int128>(stranded_.count(*cluster_)) * ns;
}

std::vector<MetricValue> Metrics::values() const {
  const auto submitted = static_cast<double>(submitted_);
  const auto of = [&](Outcome outcome) { return static_cast<double>(count(outcome)); };
  const double served = of(Outcome::placed) + of(Outcome::placed_degraded);

  std::vector<MetricValue> out;
  const auto add = [&](std::string key, std::string label, std::string unit, double value) {
    out.push_back({std::move(key), std::move(label), std::move(unit), value});
  };
  add("submitted", "requests", "1", submitted);
  add("unserved_rate", "unserved", "%", percent(submitted - served, submitted));
  for (const Outcome outcome : all_outcomes()) {
    const std::string name(outcome_name(outcome));
    add("outcome." + name, name, "%", percent(of(outcome), submitted));
  }
  add("allocation", "GPUs allocated", "%",
      percent(static_cast<double>(held_milli_ns_), static_cast<double>(capacity_milli_ns_)));
  add("stranded_gpus", "GPUs stranded", "%",
      percent(static_cast<double>(stranded_gpu_ns_ * kWholeGpu),
              static_cast<double>(capacity_milli_ns_)));
  add("useful_gpu_hours", "useful", "GPU-h", gpu_hours(useful_milli_ns_));
  add("lost_gpu_hours", "lost to refusals", "GPU-h", gpu_hours(lost_milli_ns_));
  add("failed_starts", "failed starts", "1", static_cast<double>(failed_starts_));
  add("parallel_efficiency", "parallel efficiency (" + std::string(plans_.cost().name()) + ")", "%",
      percent(static_cast<double>(efficient_milli_ns_), static_cast<double>(llm_useful_milli_ns_)));
  add("link_bandwidth", "links of groups, of the best", "%",
      percent(static_cast<double>(well_linked_milli_ns_), static_cast<double>(linked_milli_ns_)));
  add("waiting_s.mean", "waiting, mean", "s", to_seconds(waits_.mean()));
  add("waiting_s.p50", "waiting, p50", "s", to_seconds(waits_.quantile(500)));
  add("waiting_s.p90", "waiting, p90", "s", to_seconds(waits_.quantile(900)));
  add("waiting_s.p99", "waiting, p99", "s", to_seconds(waits_.quantile(990)));
  add("waiting_s.max", "waiting, max", "s", to_seconds(waits_.max()));
  const Int128 mean_ns = completed_tasks_ > 0 ? completion_ns_ / completed_tasks_ : 0;
  add("jct_s.mean", "completion of a task, mean", "s",
      to_seconds(Duration(static_cast<std::int64_t>(mean_ns))));
  add("makespan_s", "makespan of tasks", "s",
      to_seconds(last_completion_ ? *last_completion_ - *first_task_ : Duration(0)));
  add("groups_complete", "groups complete", "1", static_cast<double>(groups_complete_));
  add("groups_partial", "groups partial", "1", static_cast<double>(groups_partial_));
  if (extras_.nodes) {
    add("node_failures", "node failures", "1", static_cast<double>(node_failures_));
    add("losses", "placements that lost a node", "1", static_cast<double>(losses_));
    add("placed_again", "placed again", "1", static_cast<double>(placed_again_));
    add("failure_gpu_hours", "lost to node failures", "GPU-h", gpu_hours(failure_milli_ns_));
  }
  if (extras_.disks) {
    add("disk_loads", "loads from disk", "1", static_cast<double>(disk_loads_));
  }
  return out;
}

}  // namespace headroom
