#include "sim/run/simulation.hpp"

#include "sim/core/assert.hpp"
#include "sim/run/simulation_impl.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {

Simulation::Impl::Impl(const SimulationParts& parts, const SimulationOptions& options)
    : parts_(parts),
      options_(options),
      cluster_(parts.cluster, parts.placer.reads_kinds() || parts.base_placer.reads_kinds()),
      shapes_(parts.cluster),
      audit_(parts.plans),
      queue_needs_(parts.queue.needs()) {
  const ClusterDynamics& dynamics = options_.dynamics;
  if (dynamics.failures) failures_.emplace(*dynamics.failures, dynamics.seed);
  if (dynamics.disk) disks_.emplace(dynamics.disk->capacity);
}

Status Simulation::Impl::run() {
  tell([&](Observer& o) { o.begun(cluster_); });
  begin_nodes();
  if (options_.from != nullptr) {
    HEADROOM_CHECK(resume(*options_.from));
  } else {
    HEADROOM_CHECK(pull_request());
  }
  while (const EventKey* next = events_.peek()) {
    const bool past_dump = options_.dump_at && !dumped_ && next->time > *options_.dump_at;
    if (past_dump && (!options_.until || *options_.dump_at < *options_.until)) {
      dumped_ = save(*options_.dump_at);
    }
    if (options_.until && next->time >= *options_.until) break;
    // Nodes may change for ever; a run is over when there is nothing for them to carry.
    if (!nodes_.empty() && !next_request_ && live_.empty()) break;
    advance(next->time);
    const auto event = *events_.pop();
    ++handled_;
    const Status status = std::visit([this](const auto& e) { return handle(e); }, event.payload);
    HEADROOM_CHECK(status);
  }
  finish();
  return {};
}

void Simulation::Impl::advance(SimTime to) {
  if (clock_runs_ && now_ && *now_ < to) {
    state_.milli_held = cluster_.milli_held();
    state_.idle_gpus = cluster_.idle_gpus();
    state_.waiting = static_cast<std::int64_t>(parts_.queue.size());
    tell([&](Observer& o) { o.elapsed(*now_, to, state_); });
  }
  now_ = to;
}

Status Simulation::Impl::pull_request() {
  HEADROOM_TRY(next_request_, parts_.requests.next());
  if (!next_request_) return {};
  if (now_ && next_request_->arrival < *now_) {
    return fail(
        fmt::format("request '{}' arrives at {} s, after one that arrives at {} s",
                    next_request_->name, seconds_text(next_request_->arrival), seconds_text(*now_)),
        {}, "sort the trace by arrival");
  }
  events_.push(next_request_->arrival, kArrivals, Arrive{});
  return {};
}

// Whether anybody places it, and whether the queue knows enough of it.
Status Simulation::Impl::check_request(Request& request) const {
  if (options_.exact_durations) request.declared = request.lifetime;
  if (queue_needs_.declared && !request.declared) {
    return fail(fmt::format("request '{}' does not say how long it will take, which the queue "
                            "discipline '{}' needs",
                            request.name, parts_.queue.name()),
                {}, "set queue.durations = \"exact\", or take fifo or fifo-skip");
  }
  const RequestKind kind = request.shape.kind();
  if (parts_.placer.takes(kind) || parts_.base_placer.takes(kind)) return {};
  return fail(
      fmt::format("neither '{}' nor '{}' places {}, as request '{}' is", parts_.placer.name(),
                  parts_.base_placer.name(),
                  kind == RequestKind::llm ? "LLM deployments" : "opaque tasks", request.name),
      {}, "see `headroom policies`");
}

Status Simulation::Impl::handle(const Arrive&) {
  clock_runs_ = true;
  const auto id = static_cast<RequestId>(next_id_++);
  ++submitted_;
  Live& live = live_[id];
  live.request = std::move(*next_request_);
  live.shape = &shapes_.intern(live.request.shape);
  live.remaining = live.request.lifetime;
  HEADROOM_CHECK(check_request(live.request));
  tell([&](Observer& o) { o.submitted(*now_, id, live.request, *live.shape); });
  announce(*live.shape);
  enqueue(id, live);
  return pull_request();
}

void Simulation::Impl::announce(const InternedShape& shape) {
  parts_.placer.arrived(shape);
  if (&parts_.base_placer != &parts_.placer) parts_.base_placer.arrived(shape);
}

QueueEntry Simulation::Impl::queue_entry(RequestId id, const Live& live) {
  const RequestShape& shape = live.shape->shape;
  QueueEntry entry{id, live.shape->id, live.request.arrival, live.request.declared};
  if (queue_needs_.gpus) entry.gpus = parts_.plans.fewest_gpus(*live.shape);
  if (shape.kind() == RequestKind::opaque) {
    entry.share_milli = shape.opaque().milli < kWholeGpu ? shape.opaque().milli : 0;
  } else if (shape.llm().shared) {
    entry.share_milli = shape.llm().limits.utilisation_ppm / 1000;
  }
  entry.cpu_milli = shape.cpu_milli;
  entry.priority = live.request.priority;
  entry.tenant = live.request.tenant;
  return entry;
}

void Simulation::Impl::enqueue(RequestId id, Live& live) {
  live.queued = queued_++;
  parts_.queue.add(queue_entry(id, live));
  if (options_.waiting_limit) {
    const SimTime since = live.lost_at.value_or(live.request.arrival);
    live.limit_at = std::max(*now_, since + *options_.waiting_limit);
    live.limit = events_.push(live.limit_at, kLimits, LimitReached{id});
  }
  want_pass();
}

void Simulation::Impl::want_pass() {
  if (pass_wanted_) return;
  pass_wanted_ = true;
  events_.push(*now_, kPass, Pass{});
}

Status Simulation::Impl::handle(const Pass&) {
  pass_wanted_ = false;
  const bool freed = cluster_.freed_position() != freed_at_last_pass_;
  freed_at_last_pass_ = cluster_.freed_position();
  const PassState state{*now_, freed, cluster_.idle_gpus()};
  parts_.queue.pass(state, [this](RequestId id) { return attempt(id); });
  if (wake_ && *wake_ <= *now_) wake_.reset();
  ask_for_wake();
  return {};
}

void Simulation::Impl::ask_for_wake() {
  const auto wake = parts_.queue.wake_at();
  if (!wake || *wake <= *now_ || (wake_ && *wake >= *wake_)) return;
  wake_ = wake;
  events_.push(*wake, kPass, Pass{});
}

TryResult Simulation::Impl::attempt(RequestId id) {
  Live& live = live_.at(id);
  Placer& placer =
      parts_.placer.takes(live.shape->shape.kind()) ? parts_.placer : parts_.base_placer;
  const RoomSearch::Freed freed = freed_since_last_try(live);
  const bool explain = std::any_of(parts_.observers.begin(), parts_.observers.end(),
                                   [&](const Observer* o) { return o->wants_reasons(id); });
  std::vector<PassedOver> log;
  std::span<const NodeId> weights_on;
  if (disks_ && placer.reads_weights() && live.shape->shape.kind() == RequestKind::llm) {
    const Model& model = *live.shape->shape.llm().model;
    weights_on = disks_->nodes_with(model.name, weight_bytes(model));
  }
  const PlacementRequest request{
      *live.shape, live.request.arrival, live.request.declared, live.refused_by, freed, weights_on,
      id};
  const Decision decision = placer.place(request, cluster_, explain ? &log : nullptr);
  tell([&](Observer& o) { o.decided(*now_, id, placer.name(), decision, log); });
  if (const auto* place = std::get_if<Place>(&decision)) {
    leave_queue(id, live);
    start(id, live, place->layout, placer);
    return TryResult::gone;
  }
  const bool never = std::holds_alternative<Never>(decision);
  const LastTry& last = remember_try(
      live, never ? std::get<Never>(decision).reason : std::get<NotNow>(decision).reason, freed);
  if (!never) return TryResult::waiting;
  leave_queue(id, live);
  if (live.lost_at) {
    end(id, Outcome::lost, std::string(loss_name(live.cause)), false);
  } else {
    end(id, last.outcome, last.reason, false);
  }
  return TryResult::gone;
}

RoomSearch::Freed Simulation::Impl::freed_since_last_try(const Live& live) const {
  const auto last = last_tries_.find(live.shape->id);
  if (last == last_tries_.end() || last->second.replanned || !live.refused_by.empty()) {
    return std::nullopt;
  }
  return cluster_.freed_since(last->second.freed_position);
}

const Simulation::Impl::LastTry& Simulation::Impl::remember_try(const Live& live,
                                                                std::string reason,
                                                                RoomSearch::Freed freed) {
  LastTry& last = last_tries_[live.shape->id];
  if (options_.audit) {
    const bool was_full = last.outcome == Outcome::rejected_no_capacity;
    last.outcome = audit_.judge(cluster_, *live.shape, was_full ? freed : std::nullopt);
  }
  last.reason = std::move(reason);
  last.freed_position = cluster_.freed_position();
  last.replanned = !live.refused_by.empty();
  return last;
}

void Simulation::Impl::leave_queue(RequestId id, Live& live) {
  parts_.queue.remove(id);
  if (live.limit) events_.cancel(*live.limit);
  live.limit.reset();
}

Status Simulation::Impl::handle(const LimitReached& event) {
  Live& live = live_.at(event.request);
  live.limit.reset();
  parts_.queue.remove(event.request);
  const auto last = last_tries_.find(live.shape->id);
  if (live.lost_at) {
    end(event.request, Outcome::lost, std::string(loss_name(live.cause)), true);
  } else if (last != last_tries_.end() && last->second.freed_position == freed_at_last_pass_) {
    end(event.request, last->second.outcome, last->second.reason, true);
  } else {  // a discipline that lets nobody pass never tried it
    const Outcome outcome =
        options_.audit ? audit_.judge(cluster_, *live.shape) : Outcome::rejected_unclassified;
    end(event.request, outcome, "behind_head", true);
  }
  want_pass();  // under strict FIFO the next one may go
  return {};
}

void Simulation::Impl::end(RequestId id, Outcome outcome, std::string reason, bool timed_out,
                           bool completed) {
  const Live& live = live_.at(id);
  const SimTime until = live.placement ? live.placement->since : *now_;
  const OutcomeRecord record{
      id,        outcome,       std::move(reason),
      timed_out, live.attempts, until - live.request.arrival - live.held_before,
      completed};
  ++outcomes_[static_cast<std::size_t>(outcome)];
  tell([&](Observer& o) { o.finished(*now_, live.request, *live.shape, record); });
  live_.erase(id);
}

// Ends what still runs or waits, then asserts that the balance adds up.
void Simulation::Impl::finish() {
  if (options_.until && now_ && *now_ < *options_.until) advance(*options_.until);
  std::vector<RequestId> left;
  left.reserve(live_.size());
  for (const auto& [id, live] : live_) left.push_back(id);
  std::sort(left.begin(), left.end());
  for (const RequestId id : left) {
    Live& live = live_.at(id);
    if (!live.placement) {
      parts_.queue.remove(id);
      if (live.lost_at) {
        end(id, Outcome::lost, std::string(loss_name(live.cause)), false);
      } else {
        end(id, Outcome::waiting, "", false);
      }
      continue;
    }
    cluster_.give_back(live.placement->holdings);
    tell([&](Observer& o) { o.released(*now_, *live.placement, live.ready); });
    const bool opaque = live.shape->shape.kind() == RequestKind::opaque;
    if (opaque || engine_verdict(*live.placement).accepted) {
      end(id, served_outcome(*live.placement), "", false);
    } else {
      end(id, Outcome::refused_by_engine, engine_verdict(*live.placement).refusal.rule, false);
    }
  }
  if (now_) tell([&](Observer& o) { o.ended(*now_); });

  std::uint64_t sum = 0;
  for (const std::uint64_t count : outcomes_) sum += count;
  HEADROOM_ASSERT(sum == submitted_, "outcomes do not add up to what was submitted");
  HEADROOM_ASSERT(live_.empty() && parts_.queue.size() == 0, "a request was lost");
  HEADROOM_ASSERT(cluster_.milli_held() == 0 && cluster_.bytes_held() == 0,
                  "GPUs are held though nothing runs");
}

Simulation::Simulation(const SimulationParts& parts, const SimulationOptions& options)
    : impl_(std::make_unique<Impl>(parts, options)) {}
Simulation::~Simulation() = default;
Status Simulation::run() { return impl_->run(); }
std::uint64_t Simulation::events() const { return impl_->handled(); }
const std::optional<RunState>& Simulation::state() const { return impl_->state(); }

}  // namespace headroom
