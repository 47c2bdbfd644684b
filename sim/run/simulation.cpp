#include "sim/run/simulation.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/event_queue.hpp"
#include "sim/core/int128.hpp"
#include "sim/run/audit.hpp"
#include "sim/run/legality.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <variant>

namespace headroom {
namespace {

// Classes of events at one instant, in order. Ends come first so that what they free can be used by
// what arrives; limits come last so that a request is tried once more at its last instant.
constexpr int kEnds = 0;
constexpr int kArrivals = 1;
constexpr int kPass = 2;
constexpr int kLimits = 3;

// The clock ends at 292 years; what is added to an instant without a check is shorter than the
// rest.
constexpr SimTime kLastInstant{std::chrono::hours(24 * 365 * 250)};

struct Arrive {};
struct Ready {
  RequestId request;
};
struct StartFailed {
  RequestId request;
};
struct Restart {
  RequestId request;
};
struct Complete {
  RequestId request;
};
struct Pass {};
struct LimitReached {
  RequestId request;
};
using Event = std::variant<Arrive, Ready, StartFailed, Restart, Complete, Pass, LimitReached>;
using Queue = EventQueue<Event>;

// The last time a shape did not fit. What it says holds for every request of the shape until
// capacity is freed.
struct LastTry {
  Outcome outcome = Outcome::rejected_unclassified;
  std::string reason;
  std::uint64_t freed_position = 0;
  bool replanned = false;  // the request had been refused before: its answer was for it alone
};

struct Live {
  Request request;
  const InternedShape* shape = nullptr;
  std::optional<Queue::Handle> limit;  // while waiting
  std::optional<Placement> placement;
  bool ready = false;
  int attempts = 0;
  std::vector<std::string> refused_by;
};

}  // namespace

class Simulation::Impl {
 public:
  Impl(const SimulationParts& parts, const SimulationOptions& options)
      : parts_(parts),
        options_(options),
        cluster_(parts.cluster),
        shapes_(parts.cluster),
        audit_(parts.plans) {}

  Status run() {
    HEADROOM_CHECK(pull_request());
    while (const EventKey* next = events_.peek()) {
      if (options_.until && next->time >= *options_.until) break;
      advance(next->time);
      const auto event = *events_.pop();
      ++handled_;
      const Status status = std::visit([this](const auto& e) { return handle(e); }, event.payload);
      HEADROOM_CHECK(status);
    }
    finish();
    return {};
  }

  std::uint64_t handled() const { return handled_; }

 private:
  template <class Call>
  void tell(Call call) {
    for (Observer* observer : parts_.observers) call(*observer);
  }

  void advance(SimTime to) {
    if (now_ && *now_ < to) {
      state_.milli_held = cluster_.milli_held();
      state_.idle_gpus = cluster_.idle_gpus();
      state_.waiting = static_cast<std::int64_t>(parts_.queue.size());
      tell([&](Observer& o) { o.elapsed(*now_, to, state_); });
    }
    now_ = to;
  }

  Status pull_request() {
    HEADROOM_TRY(next_request_, parts_.requests.next());
    if (!next_request_) return {};
    if (now_ && next_request_->arrival < *now_) {
      return fail(fmt::format("request '{}' arrives at {} s, after one that arrives at {} s",
                              next_request_->name, seconds_text(next_request_->arrival),
                              seconds_text(*now_)),
                  {}, "sort the trace by arrival");
    }
    events_.push(next_request_->arrival, kArrivals, Arrive{});
    return {};
  }

  Status handle(const Arrive&) {
    const auto id = static_cast<RequestId>(submitted_++);
    Live& live = live_[id];
    live.request = std::move(*next_request_);
    live.shape = &shapes_.intern(live.request.shape);
    const RequestKind kind = live.request.shape.kind();
    if (!parts_.placer.takes(kind) && !parts_.base_placer.takes(kind)) {
      return fail(fmt::format("neither '{}' nor '{}' places {}, as request '{}' is",
                              parts_.placer.name(), parts_.base_placer.name(),
                              kind == RequestKind::llm ? "LLM deployments" : "opaque tasks",
                              live.request.name),
                  {}, "see `headroom policies`");
    }
    tell([&](Observer& o) { o.submitted(*now_, id, live.request, *live.shape); });
    enqueue(id, live);
    return pull_request();
  }

  void enqueue(RequestId id, Live& live) {
    parts_.queue.add({id, live.shape->id, live.request.arrival, live.request.declared});
    if (options_.waiting_limit) {
      const SimTime limit = std::max(*now_, live.request.arrival + *options_.waiting_limit);
      live.limit = events_.push(limit, kLimits, LimitReached{id});
    }
    want_pass();
  }

  void want_pass() {
    if (pass_wanted_) return;
    pass_wanted_ = true;
    events_.push(*now_, kPass, Pass{});
  }

  Status handle(const Pass&) {
    pass_wanted_ = false;
    const bool freed = cluster_.freed_position() != freed_at_last_pass_;
    freed_at_last_pass_ = cluster_.freed_position();
    parts_.queue.pass(freed, [this](RequestId id) { return attempt(id); });
    if (wake_ && *wake_ <= *now_) wake_.reset();
    if (const auto wake = parts_.queue.wake_at();
        wake && *wake > *now_ && (!wake_ || *wake < *wake_)) {
      wake_ = wake;
      events_.push(*wake, kPass, Pass{});
    }
    return {};
  }

  TryResult attempt(RequestId id) {
    Live& live = live_.at(id);
    Placer& placer =
        parts_.placer.takes(live.shape->shape.kind()) ? parts_.placer : parts_.base_placer;
    const RoomSearch::Freed freed = freed_since_last_try(live);
    const bool explain = std::any_of(parts_.observers.begin(), parts_.observers.end(),
                                     [&](const Observer* o) { return o->wants_reasons(id); });
    std::vector<PassedOver> log;
    const PlacementRequest request{*live.shape, live.request.arrival, live.request.declared,
                                   live.refused_by, freed};
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
    end(id, last.outcome, last.reason, false);
    return TryResult::gone;
  }

  RoomSearch::Freed freed_since_last_try(const Live& live) const {
    const auto last = last_tries_.find(live.shape->id);
    if (last == last_tries_.end() || last->second.replanned || !live.refused_by.empty()) {
      return std::nullopt;
    }
    return cluster_.freed_since(last->second.freed_position);
  }

  const LastTry& remember_try(const Live& live, std::string reason, RoomSearch::Freed freed) {
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

  void leave_queue(RequestId id, Live& live) {
    parts_.queue.remove(id);
    if (live.limit) events_.cancel(*live.limit);
    live.limit.reset();
  }

  Status handle(const LimitReached& event) {
    Live& live = live_.at(event.request);
    live.limit.reset();
    parts_.queue.remove(event.request);
    const auto last = last_tries_.find(live.shape->id);
    if (last != last_tries_.end() && last->second.freed_position == freed_at_last_pass_) {
      end(event.request, last->second.outcome, last->second.reason, true);
    } else {  // a discipline that lets nobody pass never tried it
      const Outcome outcome =
          options_.audit ? audit_.judge(cluster_, *live.shape) : Outcome::rejected_unclassified;
      end(event.request, outcome, "behind_head", true);
    }
    want_pass();  // under strict FIFO the next one may go
    return {};
  }

  void start(RequestId id, Live& live, const Layout& layout, const Placer& placer) {
    auto holdings = resolve_layout(cluster_, *live.shape, layout);
    HEADROOM_ASSERT(holdings.has_value(),
                    fmt::format("policy '{}' offered an illegal placement for '{}': {}",
                                placer.name(), live.request.name, holdings.error().message));
    Placement placement{id, live.shape, layout, std::move(*holdings), *now_, 0};
    for (const auto& holding : placement.holdings) {
      placement.milli += static_cast<std::int64_t>(holding.devices.size()) * holding.per_gpu.milli;
    }
    cluster_.take(placement.holdings);
    live.placement = std::move(placement);
    tell([&](Observer& o) { o.placed(*now_, *live.placement); });
    ++state_.starting;
    try_start(id, live);
  }

  void try_start(RequestId id, Live& live) {
    ++live.attempts;
    if (live.shape->shape.kind() == RequestKind::opaque) {
      events_.push(*now_, kEnds, Ready{id});
      return;
    }
    const Duration loading = load_time(*live.placement);
    const EngineVerdict& verdict = engine_verdict(*live.placement);
    if (verdict.accepted) {
      events_.push(*now_ + loading, kEnds, Ready{id});
      return;
    }
    Duration fails_after = options_.startup.configuration_check;
    if (verdict.refusal.phase == Refusal::Phase::model_build) {
      fails_after = options_.startup.model_build;
    } else if (verdict.refusal.phase == Refusal::Phase::memory) {
      fails_after = loading + options_.startup.memory_check;
    }
    events_.push(*now_ + fails_after, kEnds, StartFailed{id});
  }

  // Weights are read by all nodes at once, each its own part.
  Duration load_time(const Placement& placement) const {
    const Bytes total = weight_bytes(*placement.shape->shape.llm().model);
    std::int64_t longest_ns = 0;
    for (const auto& holding : placement.holdings) {
      const auto& node = parts_.cluster.nodes[index(holding.node)];
      const std::int64_t own = parts_.cluster.shapes[index(node.shape)].storage_bandwidth;
      const std::int64_t bandwidth = own > 0 ? own : options_.startup.storage_bandwidth;
      const Bytes part =
          mul_div_ceil(total, static_cast<std::int64_t>(holding.devices.size()), placement.gpus());
      longest_ns = std::max(longest_ns, mul_div_ceil(part, 1'000'000'000, bandwidth));
    }
    return Duration(longest_ns);
  }

  const EngineVerdict& engine_verdict(const Placement& placement) {
    const auto key =
        std::tuple(placement.shape->gpu_shape, placement.layout.gpu, placement.layout.plan);
    const auto found = verdicts_.find(key);
    if (found != verdicts_.end()) return found->second;
    const LlmDeployment& llm = placement.shape->shape.llm();
    const GpuType& gpu = parts_.cluster.gpu_types[index(placement.layout.gpu)];
    return verdicts_
        .emplace(key,
                 parts_.plans.engine().check(*llm.model, placement.layout.plan, gpu, llm.limits))
        .first->second;
  }

  Status handle(const Ready& event) {
    Live& live = live_.at(event.request);
    if (*now_ > kLastInstant - live.request.lifetime) {
      return fail(fmt::format("request '{}' would end after 250 years of simulated time",
                              live.request.name),
                  {}, "shorten the lifetimes, or stop the run with run.until_s");
    }
    live.ready = true;
    --state_.starting;
    ++state_.running;
    tell([&](Observer& o) { o.ready(*now_, *live.placement); });
    events_.push(*now_ + live.request.lifetime, kEnds, Complete{event.request});
    return {};
  }

  Status handle(const StartFailed& event) {
    Live& live = live_.at(event.request);
    const Refusal& refusal = engine_verdict(*live.placement).refusal;
    tell([&](Observer& o) { o.refused(*now_, *live.placement, refusal, live.attempts); });
    const bool last = live.attempts >= options_.startup.attempts;
    if (last || options_.on_refusal == OnRefusal::give_up) {
      release(live);
      end(event.request, Outcome::refused_by_engine, refusal.rule, false);
    } else if (options_.on_refusal == OnRefusal::replan) {
      release(live);
      live.refused_by.push_back(refusal.rule);
      enqueue(event.request, live);
    } else {
      events_.push(*now_ + backoff(live.attempts), kEnds, Restart{event.request});
    }
    return {};
  }

  // 10 s, doubling, up to 300 s by default.
  Duration backoff(int attempts) const {
    Duration wait = options_.startup.backoff_first;
    for (int i = 1; i < attempts && wait < options_.startup.backoff_most; ++i) wait *= 2;
    return std::min(wait, options_.startup.backoff_most);
  }

  Status handle(const Restart& event) {
    try_start(event.request, live_.at(event.request));
    return {};
  }

  Status handle(const Complete& event) {
    release(live_.at(event.request));
    end(event.request, Outcome::placed, "", false);
    return {};
  }

  void release(Live& live) {
    cluster_.give_back(live.placement->holdings);
    --(live.ready ? state_.running : state_.starting);
    tell([&](Observer& o) { o.released(*now_, *live.placement, live.ready); });
    if (!live.ready) live.placement.reset();
    want_pass();
  }

  void end(RequestId id, Outcome outcome, std::string reason, bool timed_out) {
    const Live& live = live_.at(id);
    const SimTime until = live.placement ? live.placement->since : *now_;
    const OutcomeRecord record{id,        outcome,       std::move(reason),
                               timed_out, live.attempts, until - live.request.arrival};
    ++outcomes_[static_cast<std::size_t>(outcome)];
    tell([&](Observer& o) { o.finished(*now_, live.request, *live.shape, record); });
    live_.erase(id);
  }

  // Ends what still runs or waits, then asserts that the balance adds up.
  void finish() {
    if (options_.until && now_ && *now_ < *options_.until) advance(*options_.until);
    std::vector<RequestId> left;
    left.reserve(live_.size());
    for (const auto& [id, live] : live_) left.push_back(id);
    std::sort(left.begin(), left.end());
    for (const RequestId id : left) {
      Live& live = live_.at(id);
      if (!live.placement) {
        parts_.queue.remove(id);
        end(id, Outcome::waiting, "", false);
        continue;
      }
      cluster_.give_back(live.placement->holdings);
      tell([&](Observer& o) { o.released(*now_, *live.placement, live.ready); });
      const bool opaque = live.shape->shape.kind() == RequestKind::opaque;
      if (opaque || engine_verdict(*live.placement).accepted) {
        end(id, Outcome::placed, "", false);
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

  SimulationParts parts_;
  SimulationOptions options_;
  Cluster cluster_;
  ShapeTable shapes_;
  Audit audit_;
  Queue events_;
  std::optional<SimTime> now_;
  std::optional<Request> next_request_;
  std::unordered_map<RequestId, Live> live_;
  std::unordered_map<ShapeId, LastTry> last_tries_;
  std::map<std::tuple<ShapeId, GpuTypeId, ParallelPlan>, EngineVerdict> verdicts_;
  SystemState state_;
  std::array<std::uint64_t, kOutcomeCount> outcomes_{};
  std::uint64_t submitted_ = 0;
  std::uint64_t handled_ = 0;
  std::uint64_t freed_at_last_pass_ = 0;
  std::optional<SimTime> wake_;  // earliest pass that the discipline asked for
  bool pass_wanted_ = false;
};

Simulation::Simulation(const SimulationParts& parts, const SimulationOptions& options)
    : impl_(std::make_unique<Impl>(parts, options)) {}
Simulation::~Simulation() = default;
Status Simulation::run() { return impl_->run(); }
std::uint64_t Simulation::events() const { return impl_->handled(); }

}  // namespace headroom
