// Simulation: nodes that go down and come back, and what becomes of what ran there.

#include "sim/core/assert.hpp"
#include "sim/run/simulation_impl.hpp"

#include <algorithm>

namespace headroom {
namespace {

NodeCondition after(NodeCondition condition, NodeEventKind kind) {
  switch (kind) {
    case NodeEventKind::down:
      condition.down = true;
      break;
    case NodeEventKind::drain:
      condition.drained = true;
      break;
    case NodeEventKind::up:
      condition.down = condition.drained = false;
      break;
    case NodeEventKind::add:
      condition = {false, false, false, condition.failed};
      break;
    case NodeEventKind::remove:
      condition.absent = true;
      break;
  }
  return condition;
}

}  // namespace

// A node whose first event adds it is not there before.
void Simulation::Impl::begin_nodes() {
  const ClusterDynamics& dynamics = options_.dynamics;
  if (!dynamics.nodes_change()) return;
  nodes_.resize(parts_.cluster.nodes.size());
  const RunState* from = options_.from;
  std::vector<bool> named(nodes_.size());
  for (std::size_t i = 0; i < dynamics.events.size(); ++i) {
    const NodeEvent& event = dynamics.events[i];
    if (event.kind == NodeEventKind::add && !named[index(event.node)]) {
      nodes_[index(event.node)].condition.absent = true;
    }
    named[index(event.node)] = true;
    if (from == nullptr || event.at > from->at) events_.push(event.at, kNodes, NodeChanges{i});
  }
  if (from != nullptr) return;  // the state says the rest
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const auto node = static_cast<NodeId>(i);
    if (nodes_[i].condition.absent) {
      nodes_[i].condition.absent = false;
      change_node(node, {.absent = true}, LossCause::removed);
    }
    if (failures_) schedule_failure(node, SimTime{});
  }
}

Status Simulation::Impl::handle(const NodeChanges& event) {
  const NodeEvent& change = options_.dynamics.events[event.event];
  const NodeCondition& before = nodes_[index(change.node)].condition;
  change_node(change.node, after(before, change.kind),
              change.kind == NodeEventKind::remove ? LossCause::removed : LossCause::down);
  return {};
}

Status Simulation::Impl::handle(const NodeFails& event) {
  NodeTrack& track = nodes_[index(event.node)];
  NodeCondition condition = track.condition;
  condition.failed = true;
  change_node(event.node, condition, LossCause::failed);
  schedule_node(event.node, *now_,
                failures_->to_repair(parts_.cluster.nodes[index(event.node)].name, track.failures));
  ++track.failures;
  return {};
}

Status Simulation::Impl::handle(const NodeRepaired& event) {
  NodeCondition condition = nodes_[index(event.node)].condition;
  condition.failed = false;
  change_node(event.node, condition, LossCause::failed);
  schedule_failure(event.node, *now_);
  return {};
}

void Simulation::Impl::schedule_failure(NodeId node, SimTime from) {
  const NodeTrack& track = nodes_[index(node)];
  schedule_node(node, from,
                failures_->to_failure(parts_.cluster.nodes[index(node)].name, track.failures));
}

// Its repair where it has failed, else its failure. Nothing is scheduled beyond the clock.
void Simulation::Impl::schedule_node(NodeId node, SimTime from, Duration wait) {
  NodeTrack& track = nodes_[index(node)];
  track.next.reset();
  if (from > kLastInstant - wait) return;
  track.next_at = from + wait;
  track.next = track.condition.failed ? events_.push(track.next_at, kNodes, NodeRepaired{node})
                                      : events_.push(track.next_at, kNodes, NodeFails{node});
}

void Simulation::Impl::change_node(NodeId node, const NodeCondition& to, LossCause cause) {
  NodeTrack& track = nodes_[index(node)];
  const NodeCondition before = track.condition;
  if (before == to) return;
  track.condition = to;
  const bool comes_back = to.in_service() && !before.in_service();
  cluster_.set_in_service(node, to.in_service());
  const NodeShapeId shape = parts_.cluster.nodes[index(node)].shape;
  const auto gpus = static_cast<std::int64_t>(parts_.cluster.shapes[index(shape)].gpus.size());
  if (to.gone() != before.gone()) state_.gpus_gone += to.gone() ? gpus : -gpus;
  const SimTime now = now_.value_or(SimTime{});
  tell([&](Observer& o) { o.node_changed(now, node, to); });
  if (to.gone()) {
    std::vector<RequestId> on = track.on;
    std::sort(on.begin(), on.end());
    for (const RequestId id : on) lose(id, node, cause);
  }
  if (to.absent && disks_) disks_->forget(node);
  if (comes_back && now_) want_pass();
}

void Simulation::Impl::put_on_nodes(const Live& live, bool on) {
  if (nodes_.empty()) return;
  for (const auto& holding : live.placement->holdings) {
    auto& list = nodes_[index(holding.node)].on;
    if (on) {
      list.push_back(live.placement->request);
      continue;
    }
    const auto found = std::find(list.begin(), list.end(), live.placement->request);
    HEADROOM_ASSERT(found != list.end(), "a placement is not on its node");
    *found = list.back();
    list.pop_back();
  }
}

// All of it goes, on whichever nodes its other GPUs are.
void Simulation::Impl::lose(RequestId id, NodeId node, LossCause cause) {
  Live& live = live_.at(id);
  HEADROOM_ASSERT(live.placement.has_value(), "what is not placed lost its node");
  if (live.next) events_.cancel(*live.next);
  live.next.reset();
  const bool llm = live.shape->shape.kind() == RequestKind::llm;
  const bool kept = live.ready && (llm || !options_.dynamics.tasks_start_over);
  if (kept) live.remaining -= *now_ - live.ready_at;
  live.held_before += *now_ - live.placement->since;
  give_back(live);
  put_on_nodes(live, false);
  --(live.ready ? state_.running : state_.starting);
  const Loss loss{node, cause, live.ready, kept};
  tell([&](Observer& o) { o.lost(*now_, *live.placement, loss); });
  tell([&](Observer& o) { o.released(*now_, *live.placement, kept); });
  live.placement.reset();
  live.ready = false;
  live.attempts_before = live.attempts;
  live.lost_at = *now_;
  live.cause = cause;
  if (options_.dynamics.on_loss == OnLoss::lose) {
    end(id, Outcome::lost, std::string(loss_name(cause)), false);
    want_pass();  // its other nodes are free
  } else {
    enqueue(id, live);
  }
}

}  // namespace headroom
