// Simulation: its state as plain data, and going on from such a state.

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

Status check_record(const RequestRecord& record, const RunState& from) {
  const auto good = [](Duration value) { return value >= Duration(0) && value <= kMaxInputTime; };
  if (index(record.request) >= from.submitted || !good(record.remaining) ||
      !good(record.held_before) || record.attempts_before < 0 ||
      record.attempts < record.attempts_before) {
    return cannot_go_on(fmt::format("what the state says of request '{}' cannot be", record.name));
  }
  return {};
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
                          placement.nodes_from_disk});
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
  return out;
}

Status Simulation::Impl::resume(const RunState& from) {
  now_ = from.at;
  clock_runs_ = true;
  next_id_ = from.submitted;
  tell([&](Observer& o) { o.resumed(from.at); });
  HEADROOM_CHECK(resume_nodes(from));
  HEADROOM_CHECK(take_requests(from));
  for (const PlacedRecord& record : from.placed) HEADROOM_CHECK(resume_placed(from, record));
  for (const WaitingRecord& record : from.waiting) HEADROOM_CHECK(resume_waiting(from, record));
  // What waits was tried when the state was saved: the discipline is told the answers of then.
  parts_.queue.pass(from.at, false, [](RequestId) { return TryResult::waiting; });
  freed_at_last_pass_ = cluster_.freed_position();
  ask_for_wake();
  return pull_request();
}

Status Simulation::Impl::resume_nodes(const RunState& from) {
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
    if (record.next && *record.next <= from.at) return cannot_go_on("an event of the past");
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
      schedule_failure(node, SimTime{});
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
    HEADROOM_CHECK(check_record(record, from));
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
    const auto found = wanted.find(static_cast<RequestId>(i));
    if (found == wanted.end()) continue;
    if (request->name != found->second->name || request->arrival > from.at) {
      return cannot_go_on(fmt::format("request {} is '{}' in the state, but '{}' in this workload",
                                      i, found->second->name, request->name));
    }
    HEADROOM_CHECK(check_kind(*request));
    ++submitted_;
    Live& live = live_[static_cast<RequestId>(i)];
    live.request = std::move(*request);
    live.shape = &shapes_.intern(live.request.shape);
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
  Placement placement{id,           live.shape, {record.gpu, record.plan, {}}, record.holdings,
                      record.since, 0,          record.nodes_from_disk};
  const ParallelPlan& plan = record.plan;
  const int wanted = llm ? plan.gpus() : live.shape->shape.opaque().gpus;
  if (index(record.gpu) >= parts_.cluster.gpu_types.size() || plan.tp < 1 || plan.pp < 1 ||
      plan.dp < 1 || placement.holdings.empty() || placement.gpus() != wanted ||
      record.since > from.at || record.next <= from.at || record.next > kLastInstant ||
      running != record.ready_at.has_value() || (running && *record.ready_at > from.at) ||
      record.request.attempts < 1) {
    return wrong();
  }
  const bool refused =
      record.phase == PlacementPhase::failing || record.phase == PlacementPhase::pausing;
  if (llm ? engine_verdict(placement).accepted == refused : refused) return wrong();
  for (const NodeHolding& holding : placement.holdings) {
    HEADROOM_CHECK(check_holding(cluster_, record.gpu, holding));
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
  return {};
}

Status Simulation::Impl::resume_waiting(const RunState& from, const WaitingRecord& record) {
  const RequestId id = record.request.request;
  Live& live = live_.at(id);
  if ((record.limit && *record.limit <= from.at) || (record.lost_at && *record.lost_at > from.at)) {
    return cannot_go_on(
        fmt::format("request '{}' cannot wait as the state says", live.request.name));
  }
  live.lost_at = record.lost_at;
  live.cause = record.cause;
  live.queued = queued_++;
  parts_.queue.add({id, live.shape->id, live.request.arrival, live.request.declared});
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
