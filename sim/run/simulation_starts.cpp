// Simulation: from a placement to its end. The engine starts it or refuses, it runs, its GPUs are
// given back.

#include "sim/core/assert.hpp"
#include "sim/core/int128.hpp"
#include "sim/policy/timeline.hpp"
#include "sim/run/legality.hpp"
#include "sim/run/simulation_impl.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {

void Simulation::Impl::start(RequestId id, Live& live, const Layout& layout, const Placer& placer) {
  auto holdings = resolve_layout(cluster_, *live.shape, layout);
  HEADROOM_ASSERT(holdings.has_value(),
                  fmt::format("policy '{}' offered an illegal placement for '{}': {}",
                              placer.name(), live.request.name, holdings.error().message));
  Placement placement{id, live.shape, layout, std::move(*holdings), *now_, 0, 0};
  for (const auto& holding : placement.holdings) {
    placement.milli += static_cast<std::int64_t>(holding.devices.size()) * holding.per_gpu.milli;
  }
  cluster_.take(placement.holdings);
  live.placement = std::move(placement);
  live.lost_at.reset();
  put_on_nodes(live, true);
  tell([&](Observer& o) { o.placed(*now_, *live.placement); });
  ++state_.starting;
  try_start(id, live);
}

// Tells a queue that goes by what runs when this will be over, as declared, and what it gives back.
// A start that is tried again ends later.
void Simulation::Impl::expect_end(RequestId id, Live& live) {
  if (!queue_needs_.running) return;
  if (live.told) parts_.queue.ended(id, *now_);
  const Placement& placement = *live.placement;
  RunningEntry entry{id, placement.milli / kWholeGpu};
  if (live.request.declared) {
    entry.ends = end_of(live.ready ? live.ready_at : live.next_at, *live.request.declared);
  }
  entry.milli = placement.milli;
  entry.tenant = live.request.tenant;
  parts_.queue.started(entry, *now_);
  live.told = true;
}

void Simulation::Impl::give_back(Live& live) {
  cluster_.give_back(live.placement->holdings);
  if (live.told) parts_.queue.ended(live.placement->request, *now_);
  live.told = false;
}

void Simulation::Impl::try_start(RequestId id, Live& live) {
  ++live.attempts;
  if (live.shape->shape.kind() == RequestKind::opaque) {
    schedule(id, live, PlacementPhase::loading, *now_);
    return;
  }
  const Duration loading = load_time(*live.placement);
  const EngineVerdict& verdict = engine_verdict(*live.placement);
  if (verdict.accepted) {
    schedule(id, live, PlacementPhase::loading, *now_ + loading);
    return;
  }
  Duration fails_after = options_.startup.configuration_check;
  if (verdict.refusal.phase == Refusal::Phase::model_build) {
    fails_after = options_.startup.model_build;
  } else if (verdict.refusal.phase == Refusal::Phase::memory) {
    fails_after = loading + options_.startup.memory_check;
  }
  schedule(id, live, PlacementPhase::failing, *now_ + fails_after);
}

void Simulation::Impl::schedule(RequestId id, Live& live, PlacementPhase phase, SimTime at) {
  live.phase = phase;
  live.next_at = at;
  if (phase != PlacementPhase::running) expect_end(id, live);
  switch (phase) {
    case PlacementPhase::loading:
      live.next = events_.push(at, kEnds, Ready{id});
      return;
    case PlacementPhase::failing:
      live.next = events_.push(at, kEnds, StartFailed{id});
      return;
    case PlacementPhase::pausing:
      live.next = events_.push(at, kEnds, Restart{id});
      return;
    case PlacementPhase::running:
      live.next = events_.push(at, kEnds, Complete{id});
      return;
  }
}

// Weights are read by all nodes at once, each its own part: from its own disk where they stand
// there and it is the faster.
Duration Simulation::Impl::load_time(Placement& placement) const {
  const Model& model = *placement.served().shape.llm().model;
  const Bytes total = weight_bytes(model);
  std::int64_t longest_ns = 0;
  placement.nodes_from_disk = 0;
  for (const auto& holding : placement.holdings) {
    const auto& node = parts_.cluster.nodes[index(holding.node)];
    const std::int64_t own = parts_.cluster.shapes[index(node.shape)].storage_bandwidth;
    std::int64_t bandwidth = own > 0 ? own : options_.startup.storage_bandwidth;
    if (disks_ && disks_->holds(holding.node, model.name, total)) {
      bandwidth = std::max(bandwidth, options_.dynamics.disk->bandwidth);
      ++placement.nodes_from_disk;
    }
    const Bytes part =
        mul_div_ceil(total, static_cast<std::int64_t>(holding.devices.size()), placement.gpus());
    longest_ns = std::max(longest_ns, mul_div_ceil(part, 1'000'000'000, bandwidth));
  }
  return Duration(longest_ns);
}

// They have been read: from now on they stand on the disks of these nodes.
void Simulation::Impl::keep_weights(const Placement& placement) {
  if (!disks_ || placement.shape->shape.kind() == RequestKind::opaque) return;
  const Model& model = *placement.served().shape.llm().model;
  for (const auto& holding : placement.holdings) {
    disks_->use(holding.node, model.name, weight_bytes(model));
  }
}

const EngineVerdict& Simulation::Impl::engine_verdict(const Placement& placement) {
  const Layout& layout = placement.layout;
  const auto key =
      std::tuple(placement.served().gpu_shape, layout.gpu, layout.plan, layout.utilisation_ppm);
  const auto found = verdicts_.find(key);
  if (found != verdicts_.end()) return found->second;
  const LlmDeployment& llm = placement.served().shape.llm();
  const GpuType& gpu = parts_.cluster.gpu_types[index(layout.gpu)];
  return verdicts_
      .emplace(key, parts_.plans.engine().check(*llm.model, layout.plan, gpu, layout.limits(llm)))
      .first->second;
}

Status Simulation::Impl::handle(const Ready& event) {
  Live& live = live_.at(event.request);
  if (*now_ > kLastInstant - live.remaining) {
    return fail(
        fmt::format("request '{}' would end after 250 years of simulated time", live.request.name),
        {}, "shorten the lifetimes, or stop the run with run.until_s");
  }
  live.ready = true;
  live.ready_at = *now_;
  --state_.starting;
  ++state_.running;
  keep_weights(*live.placement);
  tell([&](Observer& o) { o.ready(*now_, *live.placement); });
  schedule(event.request, live, PlacementPhase::running, *now_ + live.remaining);
  return {};
}

Status Simulation::Impl::handle(const StartFailed& event) {
  Live& live = live_.at(event.request);
  live.next.reset();
  const Refusal& refusal = engine_verdict(*live.placement).refusal;
  if (refusal.phase == Refusal::Phase::memory) keep_weights(*live.placement);
  const int attempts = live.attempts - live.attempts_before;
  tell([&](Observer& o) { o.refused(*now_, *live.placement, refusal, attempts); });
  const bool last = attempts >= options_.startup.attempts;
  if (last || options_.on_refusal == OnRefusal::give_up) {
    release(live);
    end(event.request, Outcome::refused_by_engine, refusal.rule, false);
  } else if (options_.on_refusal == OnRefusal::replan) {
    release(live);
    live.refused_by.push_back(refusal.rule);
    enqueue(event.request, live);
  } else {
    schedule(event.request, live, PlacementPhase::pausing, *now_ + backoff(attempts));
  }
  return {};
}

// 10 s, doubling, up to 300 s by default.
Duration Simulation::Impl::backoff(int attempts) const {
  Duration wait = options_.startup.backoff_first;
  for (int i = 1; i < attempts && wait < options_.startup.backoff_most; ++i) wait *= 2;
  return std::min(wait, options_.startup.backoff_most);
}

Status Simulation::Impl::handle(const Restart& event) {
  try_start(event.request, live_.at(event.request));
  return {};
}

Status Simulation::Impl::handle(const Complete& event) {
  const Outcome outcome = served_outcome(*live_.at(event.request).placement);
  release(live_.at(event.request));
  end(event.request, outcome, "", false, true);
  return {};
}

Outcome Simulation::Impl::served_outcome(const Placement& placement) {
  return placement.layout.degradation == 0 ? Outcome::placed : Outcome::placed_degraded;
}

void Simulation::Impl::release(Live& live) {
  give_back(live);
  put_on_nodes(live, false);
  --(live.ready ? state_.running : state_.starting);
  tell([&](Observer& o) { o.released(*now_, *live.placement, live.ready); });
  if (!live.ready) live.placement.reset();
  want_pass();
}

}  // namespace headroom
