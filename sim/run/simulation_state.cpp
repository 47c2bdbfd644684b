// Simulation: its state as plain data, and going on from such a state.

#include "sim/plan/holding.hpp"
#include "sim/run/simulation_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace headroom {
namespace {

tl::unexpected<Error> cannot_go_on(std::string message) {
  return fail(std::move(message), {},
              "a state goes on with the scenario and the workload that it was saved from");
}

// What a placement of a state takes of one node: it must be there, and free.
Status check_holding(const Cluster& cluster, GpuTypeId gpu, const NodeHolding& holding) {
  if (index(holding.node) >= cluster.spec().nodes.size()) return cannot_go_on("a node not there");
  const NodeState& state = cluster.class_of(holding.node).state;
  const auto& types = cluster.spec().shapes[index(state.shape)].gpus;
  const GpuHolding& each = holding.per_gpu;
  if (!holding.devices.empty() && (each.milli < 1 || each.milli > kWholeGpu || each.bytes < 0)) {
    return cannot_go_on("a holding that cannot be");
  }
  int last = -1;
  for (const int device : holding.devices) {
    const bool there = device > last && device < static_cast<int>(types.size());
    if (!there || types[static_cast<std::size_t>(device)] != gpu ||
        !each.fits(state.gpus[static_cast<std::size_t>(device)])) {
      return cannot_go_on(fmt::format("device {} of node '{}' cannot be held as the state says",
                                      device, cluster.spec().nodes[index(holding.node)].name));
    }
    last = device;
  }
  const bool host = holding.cpu_milli >= 0 && holding.cpu_milli <= state.cpu_free &&
                    holding.ram >= 0 && holding.ram <= state.ram_free;
  if (!host) return cannot_go_on("a node has not the CPU or RAM that the state says is held");
  return {};
}

// Whether this is what such a request takes of a node. What an LLM deployment takes of a GPU's
// memory is for its policy to say.
bool takes_as_asked(const RequestShape& shape, Bytes memory, int gpus, const NodeHolding& holding) {
  const auto here = std::ssize(holding.devices);
  if ((here == 0) != (gpus == 0)) return false;
  if (holding.cpu_milli != node_part(shape.cpu_milli, here, gpus)) return false;
  if (holding.ram != node_part(shape.ram, here, gpus)) return false;
  if (gpus == 0) return true;
  const GpuHolding& each = holding.per_gpu;
  if (shape.kind() == RequestKind::opaque) return each == gpu_holding(shape, memory);
  // What it asks for, or what the policy's own books charge.
  return each == gpu_holding(shape, memory) ||
         (each.bytes > 0 && each == shared_holding(each.bytes, memory));
}

// What of its lifetime and of its time before may be behind a request at this instant.
Status check_record(const RequestRecord& record, const Request& request, SimTime at) {
  const bool lost_before = record.attempts_before > 0;
  const bool times = record.remaining >= Duration(0) && record.remaining <= request.lifetime &&
                     record.held_before >= Duration(0) &&
                     record.held_before <= at - request.arrival;
  const bool whole = record.remaining == request.lifetime && record.held_before == Duration(0);
  if (!times || (!lost_before && !whole) || record.attempts_before < 0 ||
      record.attempts < record.attempts_before) {
    return cannot_go_on(fmt::format("what the state says of request '{}' cannot be", record.name));
  }
  return {};
}

// The instants of a placement: placed, ready, and the end of its phase.
bool instants_fit(const PlacedRecord& record, const Request& request, SimTime at) {
  const SimTime earliest = request.arrival + record.request.held_before;
  if (record.since < earliest || record.since > at || record.next <= at) return false;
  if (record.phase != PlacementPhase::running) return !record.ready_at;
  return record.ready_at && record.ready_at >= record.since && *record.ready_at <= at &&
         record.next == *record.ready_at + record.request.remaining;
}

// What is said of failures by chance: a node that has failed is repaired, or fails again, within
// the longest time there is, unless that is beyond the end of the clock.
bool failures_fit(const NodeRecord& record, bool by_chance, SimTime at, SimTime last_instant) {
  if (!by_chance || record.failures == 0) {
    return record.failures == 0 && !record.condition.failed && !record.next;
  }
  return record.next ? *record.next > at : at > last_instant - kMaxInputTime;
}

bool is_rejection(Outcome outcome) {
  return outcome == Outcome::rejected_incompatible || outcome == Outcome::rejected_no_capacity ||
         outcome == Outcome::rejected_policy_missed || outcome == Outcome::rejected_unclassified;
}

}  // namespace

RequestRecord Simulation::Impl::record_of(RequestId id, const Live& live) {
  return {id,
          live.request.name,
          live.attempts,
          live.attempts_before,
          live.refused_by,
          live.remaining,
          live.held_before};
}

RunState Simulation::Impl::save(SimTime at) const {
  RunState out;
  out.at = at;
  out.submitted = next_id_;
  for (std::size_t i = 0; i < parts_.cluster.nodes.size(); ++i) {
    NodeRecord record{static_cast<NodeId>(i), {}, 0, std::nullopt, {}};
    if (!nodes_.empty()) {
      record.condition = nodes_[i].condition;
      record.failures = nodes_[i].failures;
      if (record.failures > 0 && nodes_[i].next) record.next = nodes_[i].next_at;
    }
    if (disks_) {
      const auto disk = disks_->disks().find(record.node);
      if (disk != disks_->disks().end()) record.disk = disk->second;
    }
    const bool changed = record.condition != NodeCondition{} || record.failures > 0;
    if (changed || !record.disk.empty()) out.nodes.push_back(std::move(record));
  }
  std::vector<std::pair<std::uint64_t, RequestId>> placed;  // by the number of the next event
  std::vector<std::pair<std::uint64_t, RequestId>> waiting;
  for (const auto& [id, live] : live_) {
    if (live.placement) {
      placed.emplace_back(live.next.value_or(0), id);
    } else {
      waiting.emplace_back(live.queued, id);
    }
  }
  std::sort(placed.begin(), placed.end());
  std::sort(waiting.begin(), waiting.end());
  for (const auto& [order, id] : placed) {
    const Live& live = live_.at(id);
    const Placement& placement = *live.placement;
    out.placed.push_back({record_of(id, live), live.phase, live.next_at, placement.layout.gpu,
                          placement.layout.plan, placement.holdings, placement.since,
                          live.ready ? std::optional(live.ready_at) : std::nullopt,
                          placement.nodes_from_disk, placement.layout.degradation,
                          placement.layout.utilisation_ppm});
  }
  for (const auto& [order, id] : waiting) {
    const Live& live = live_.at(id);
    WaitingRecord record{record_of(id, live), std::nullopt, live.lost_at,
                         live.cause,          std::nullopt, {}};
    if (live.limit) record.limit = live.limit_at;
    const auto last = last_tries_.find(live.shape->id);
    if (last != last_tries_.end() && last->second.freed_position == freed_at_last_pass_) {
      record.last_outcome = last->second.outcome;
      record.last_reason = last->second.reason;
    }
    out.waiting.push_back(std::move(record));
  }
  out.queue = parts_.queue.memory(at);
  return out;
}

Status Simulation::Impl::resume(const RunState& from) {
  now_ = from.at;
  clock_runs_ = true;
  next_id_ = from.submitted;
  events_.start_at(from.at);
  tell([&](Observer& o) { o.resumed(from.at); });
  HEADROOM_CHECK(resume_nodes(from));
  HEADROOM_CHECK(take_requests(from));
  for (const PlacedRecord& record : from.placed) HEADROOM_CHECK(resume_placed(from, record));
  for (const WaitingRecord& record : from.waiting) HEADROOM_CHECK(resume_waiting(from, record));
  // What waits was tried when the state was saved, and did not fit.
  const PassState state{from.at, false, cluster_.idle_gpus()};
  if (!parts_.queue.resume(state, from.queue)) {
    return cannot_go_on(
        fmt::format("what the queue discipline '{}' remembers cannot be", parts_.queue.name()));
  }
  freed_at_last_pass_ = cluster_.freed_position();
  ask_for_wake();
  return pull_request();
}

Status Simulation::Impl::resume_nodes(const RunState& from) {
  const auto not_so = [&](NodeId node) {
    return cannot_go_on(fmt::format("node '{}' cannot fail as the state says",
                                    parts_.cluster.nodes[index(node)].name));
  };
  std::vector<const NodeRecord*> records(parts_.cluster.nodes.size());
  for (const NodeRecord& record : from.nodes) {
    if (index(record.node) >= records.size() || records[index(record.node)] != nullptr) {
      return cannot_go_on("the state names a node twice, or one that is not there");
    }
    records[index(record.node)] = &record;
    for (const auto& entry : record.disk) {
      if (!disks_ || entry.bytes < 0 || entry.bytes > disks_->capacity()) {
        return cannot_go_on("the state has weights on a disk that this scenario does not have");
      }
      disks_->use(record.node, entry.model, entry.bytes);
    }
    if (nodes_.empty() && (record.condition != NodeCondition{} || record.failures > 0)) {
      return cannot_go_on("in the state nodes have changed, but this scenario changes none");
    }
    if (!failures_fit(record, failures_.has_value(), from.at, kLastInstant)) {
      return not_so(record.node);
    }
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const auto node = static_cast<NodeId>(i);
    NodeTrack& track = nodes_[i];
    const NodeCondition to = records[i] != nullptr ? records[i]->condition : NodeCondition{};
    track.condition = {};
    change_node(node, to, LossCause::down);
    if (!failures_) continue;
    track.failures = records[i] != nullptr ? records[i]->failures : 0;
    if (track.failures == 0) {
      const Duration wait = failures_->to_failure(parts_.cluster.nodes[i].name, 0);
      if (SimTime(wait) <= from.at) return not_so(node);
      schedule_node(node, SimTime{}, wait);
    } else if (records[i]->next) {
      schedule_node(node, from.at, *records[i]->next - from.at);
    }
  }
  return {};
}

// The requests up to the state are read again; those that live on are kept.
Status Simulation::Impl::take_requests(const RunState& from) {
  std::map<RequestId, const RequestRecord*> wanted;
  const auto want = [&](const RequestRecord& record) -> Status {
    if (index(record.request) >= from.submitted) {
      return cannot_go_on(fmt::format("request '{}' has not arrived in the state", record.name));
    }
    if (wanted.emplace(record.request, &record).second) return {};
    return cannot_go_on(fmt::format("the state has request '{}' twice", record.name));
  };
  for (const PlacedRecord& record : from.placed) HEADROOM_CHECK(want(record.request));
  for (const WaitingRecord& record : from.waiting) HEADROOM_CHECK(want(record.request));
  for (std::uint64_t i = 0; i < from.submitted; ++i) {
    HEADROOM_TRY(auto request, parts_.requests.next());
    if (!request) {
      return cannot_go_on(fmt::format("the state is after {} requests, but this workload has {}",
                                      from.submitted, i));
    }
    if (request->arrival > from.at) {
      return cannot_go_on(fmt::format("request '{}' arrives after the state", request->name));
    }
    const InternedShape& shape = shapes_.intern(request->shape);
    announce(shape);
    const auto found = wanted.find(static_cast<RequestId>(i));
    if (found == wanted.end()) continue;
    if (request->name != found->second->name) {
      return cannot_go_on(
          fmt::format("request {} (from 0) is '{}' in the state, but '{}' in this workload", i,
                      found->second->name, request->name));
    }
    HEADROOM_CHECK(check_request(*request));
    HEADROOM_CHECK(check_record(*found->second, *request, from.at));
    ++submitted_;
    Live& live = live_[static_cast<RequestId>(i)];
    live.request = std::move(*request);
    live.shape = &shape;
    live.attempts = found->second->attempts;
    live.attempts_before = found->second->attempts_before;
    live.refused_by = found->second->refused_by;
    live.remaining = found->second->remaining;
    live.held_before = found->second->held_before;
    const auto id = static_cast<RequestId>(i);
    tell([&](Observer& o) { o.submitted(from.at, id, live.request, *live.shape); });
  }
  return {};
}

Status Simulation::Impl::resume_placed(const RunState& from, const PlacedRecord& record) {
  const RequestId id = record.request.request;
  Live& live = live_.at(id);
  const bool llm = live.shape->shape.kind() == RequestKind::llm;
  const bool running = record.phase == PlacementPhase::running;
  const auto wrong = [&] {
    return cannot_go_on(
        fmt::format("request '{}' cannot be placed as the state says", live.request.name));
  };
  if (record.degradation < 0 || record.degradation > std::ssize(live.shape->degraded)) {
    return wrong();
  }
  const auto& share = record.utilisation_ppm;
  if (share && (!llm || *share < 1 || *share > 1'000'000)) return wrong();
  Placement placement{id,
                      live.shape,
                      {record.gpu, record.plan, {}, record.degradation, false, share},
                      record.holdings,
                      record.since,
                      0,
                      record.nodes_from_disk};
  const ParallelPlan& plan = record.plan;
  const int wanted = llm ? plan.gpus() : live.shape->shape.opaque().gpus;
  const auto& types = parts_.cluster.gpu_types;
  const bool typed = index(record.gpu) < types.size();
  const bool without = wanted == 0 && types.empty();
  if ((!typed && !without) || plan.tp < 1 || plan.pp < 1 || plan.dp < 1 ||
      placement.holdings.empty() || placement.gpus() != wanted ||
      !instants_fit(record, live.request, from.at) || record.next > kLastInstant ||
      record.request.attempts <= record.request.attempts_before) {
    return wrong();
  }
  const bool refused =
      record.phase == PlacementPhase::failing || record.phase == PlacementPhase::pausing;
  if (llm ? engine_verdict(placement).accepted == refused : !running) return wrong();
  const Bytes memory = typed ? types[index(record.gpu)].memory : 0;
  std::set<NodeId> nodes;
  for (const NodeHolding& holding : placement.holdings) {
    HEADROOM_CHECK(check_holding(cluster_, record.gpu, holding));
    if (!nodes.insert(holding.node).second) return wrong();
    if (!takes_as_asked(live.shape->shape, memory, wanted, holding)) return wrong();
    if (!nodes_.empty() && nodes_[index(holding.node)].condition.gone()) return wrong();
    cluster_.take(std::span(&holding, 1));
    placement.milli += static_cast<std::int64_t>(holding.devices.size()) * holding.per_gpu.milli;
  }
  live.placement = std::move(placement);
  live.ready = running;
  if (record.ready_at) live.ready_at = *record.ready_at;
  put_on_nodes(live, true);
  ++(running ? state_.running : state_.starting);
  tell([&](Observer& o) { o.placed(from.at, *live.placement); });
  if (running) tell([&](Observer& o) { o.ready(from.at, *live.placement); });
  schedule(id, live, record.phase, record.next);
  if (running) expect_end(id, live);
  return {};
}

Status Simulation::Impl::resume_waiting(const RunState& from, const WaitingRecord& record) {
  const RequestId id = record.request.request;
  Live& live = live_.at(id);
  const RequestRecord& request = record.request;
  const SimTime arrival = live.request.arrival;
  std::optional<SimTime> limit;
  if (options_.waiting_limit) {
    limit = record.lost_at.value_or(arrival) + *options_.waiting_limit;
  }
  const bool instants = (!record.lost_at || (*record.lost_at <= from.at &&
                                             *record.lost_at >= arrival + request.held_before)) &&
                        record.limit == limit && (!limit || *limit > from.at);
  // Otherwise it was never placed, or refused in its latest placement.
  const bool lost = request.attempts > 0 && request.attempts == request.attempts_before;
  if (!instants || lost != record.lost_at.has_value() ||
      (record.last_outcome && !is_rejection(*record.last_outcome))) {
    return cannot_go_on(
        fmt::format("request '{}' cannot wait as the state says", live.request.name));
  }
  live.lost_at = record.lost_at;
  live.cause = record.cause;
  live.queued = queued_++;
  parts_.queue.add(queue_entry(id, live));
  if (record.limit) {
    live.limit_at = *record.limit;
    live.limit = events_.push(live.limit_at, kLimits, LimitReached{id});
  }
  if (record.last_outcome) {
    last_tries_[live.shape->id] = {*record.last_outcome, record.last_reason,
                                   cluster_.freed_position(), true};
  }
  return {};
}

}  // namespace headroom
