// A run that goes on from a saved state goes on as the undisturbed run does.

#include "sim/policy/queue_discipline.hpp"
#include "study/saved_state.hpp"
#include "tests/conformance/placer_conformance.hpp"
#include "tests/fixtures.hpp"
#include "tests/sanitized.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace headroom;
using namespace headroom::test;

namespace {

struct Half {
  Recorder recorder;
  std::optional<RunState> state;
};

Half run_half(const ConformanceCase& from_case, const std::string& policy, const std::string& queue,
              std::optional<SimTime> dump_at, const RunState* from,
              std::string_view policy_options = "", const QueueOptions& queue_options = {}) {
  World world(from_case.cluster);
  const auto placer = make_policy(world, policy, policy_options);
  const auto base = make_policy(world, "first-fit");
  const auto discipline = require_value(make_queue_discipline(queue, queue_options));
  ListSource source(from_case.requests);
  Half out;
  SimulationOptions options;
  options.dynamics = from_case.dynamics;
  options.on_refusal = OnRefusal::replan;
  options.waiting_limit = std::chrono::minutes(40);
  options.dump_at = dump_at;
  options.from = from;
  Simulation simulation(
      {world.spec, world.plans, *placer, *base, *discipline, source, {&out.recorder}}, options);
  if (const Status status = simulation.run(); !status) FAIL(status.error().text());
  out.state = simulation.state();
  return out;
}

/// What happened after this instant.
std::vector<std::string> lines_after(const Recorder& recorder, SimTime instant) {
  std::vector<std::string> out;
  for (const std::string& line : recorder.lines) {
    const auto time = require_value(parse_seconds(line.substr(0, line.find(' '))));
    if (SimTime(time) > instant) out.push_back(line);
  }
  return out;
}

SimTime at_share(const ConformanceCase& of, int percent) {
  const Duration span = of.requests.back().arrival - of.requests.front().arrival;
  return of.requests.front().arrival + span * percent / 100;
}

std::string text_of(const ConformanceCase& of, const RunState& state) {
  return state_json({of.name, "", 0, state}, of.cluster);
}

Status run_from(const ConformanceCase& used, const RunState& state) {
  World world(used.cluster);
  const auto placer = make_policy(world, "fallback-search");
  const auto base = make_policy(world, "first-fit");
  const auto discipline = require_value(make_queue_discipline("fifo-skip"));
  ListSource source(used.requests);
  SimulationOptions options;
  options.dynamics = used.dynamics;
  options.on_refusal = OnRefusal::replan;
  options.waiting_limit = std::chrono::minutes(40);
  options.from = &state;
  Simulation simulation({world.spec, world.plans, *placer, *base, *discipline, source, {}},
                        options);
  return simulation.run();
}

}  // namespace

namespace {

/// Saves at shares of the arrivals and goes on from there.
void check_resumes(const ConformanceCase& used, const std::string& policy, const std::string& queue,
                   const QueueOptions& options = {}) {
  const auto half = [&](std::optional<SimTime> dump_at, const RunState* from) {
    return run_half(used, policy, queue, dump_at, from, "", options);
  };
  const Half whole = half(std::nullopt, nullptr);
  for (const int percent : kSanitized ? std::vector{75} : std::vector{30, 75, 130}) {
    const SimTime instant = at_share(used, percent);
    INFO(used.name << ", " << queue << ", " << policy << ", at " << seconds_text(instant));
    const Half first = half(instant, nullptr);
    CHECK(first.recorder.lines == whole.recorder.lines);  // saving changes nothing
    REQUIRE(first.state.has_value());
    const Half rest = half(std::nullopt, &*first.state);
    CHECK(lines_after(rest.recorder, instant) == lines_after(whole.recorder, instant));
    for (const auto& [name, outcome] : rest.recorder.outcomes) {
      const OutcomeRecord& before = whole.recorder.outcomes.at(name);
      CHECK(rest.recorder.ending(name) == whole.recorder.ending(name));
      CHECK(outcome.waited == before.waited);
      CHECK(outcome.attempts == before.attempts);
    }
    // Saved again later, the state is that of the undisturbed run.
    const SimTime later = at_share(used, percent + 20);
    const Half late = half(later, nullptr);
    const Half resumed = half(later, &*first.state);
    REQUIRE(late.state.has_value() == resumed.state.has_value());
    if (late.state) CHECK(text_of(used, *late.state) == text_of(used, *resumed.state));
  }
}

/// Tasks on equal nodes of one GPU.
ConformanceCase busy_pool() {
  ConformanceCase pool = conformance_cases().front();
  pool.name = "pool";
  pool.cluster = cluster_of({{"L4", 1, 12}});
  for (std::size_t i = 0; i < pool.requests.size(); ++i) {
    Request& request = pool.requests[i];
    request.shape = RequestShape{OpaqueTask{1 + static_cast<int>(i * 7 % 11)}, 0, 0, {}};
    request.lifetime = std::min(request.lifetime, Duration(std::chrono::minutes(10)));
  }
  return pool;
}

}  // namespace

TEST_CASE("a run from a saved state ends as the undisturbed run") {
  for (const ConformanceCase& used : cases_to_run()) {
    for (const std::string queue : {"fifo-skip", "fifo"}) {
      for (const std::string policy : {"fallback-search", "naive", "gpustack"}) {
        check_resumes(used, policy, queue);
      }
    }
  }
}

TEST_CASE("a policy that draws lots, counts kinds or arrivals goes on as it would have") {
  const auto cases = cases_to_run();
  for (const ConformanceCase& used : {cases.front(), cases.back()}) {
    for (const std::string policy : {"random+heads", "gpu-clustering+heads", "fgd-heads"}) {
      check_resumes(used, policy, "fifo-skip");
    }
  }
}

TEST_CASE("a run from a saved state goes on with what its queue discipline remembers") {
  const auto cases = cases_to_run();
  for (const std::string& queue : queue_discipline_names()) {
    if (queue == "fifo-rescan") continue;  // when each was last tried is not in the state
    check_resumes(cases.front(), "naive", queue);
    check_resumes(cases.back(), "fallback-search", queue);
    check_resumes(busy_pool(), "first-fit", queue);
  }
  for (const std::string queue : {"easy", "conservative"}) {
    check_resumes(busy_pool(), "first-fit", queue, {.reserve_machines = true});
  }
}

TEST_CASE("bookings that cannot be are refused") {
  ConformanceCase pool = busy_pool();
  for (Request& request : pool.requests) request.declared = request.lifetime;
  const QueueOptions machines{.reserve_machines = true};
  const SimTime instant = at_share(pool, 60);
  const Half half = run_half(pool, "first-fit", "conservative", instant, nullptr, "", machines);
  REQUIRE(half.state.has_value());
  REQUIRE(half.state->queue.bookings.size() > 2);
  REQUIRE_FALSE(half.state->waiting.empty());
  for (const std::function<void(QueueMemory&)>& spoil :
       std::vector<std::function<void(QueueMemory&)>>{
           [](QueueMemory& m) { m.gpus = -1; },
           [](QueueMemory& m) { m.bookings.push_back(m.bookings.front()); },
           [](QueueMemory& m) { m.bookings.front().request = static_cast<RequestId>(9999); },
           [](QueueMemory& m) { m.bookings.front().machines = {12}; },
           [](QueueMemory& m) { m.bookings.front().machines = {-1}; },
           [](QueueMemory& m) { m.bookings.front().machines.pop_back(); },
           [&](QueueMemory& m) { m.bookings.front().begin = instant; }}) {
    RunState bad = *half.state;
    spoil(bad.queue);
    World world(pool.cluster);
    const auto placer = make_policy(world, "first-fit");
    const auto queue = require_value(make_queue_discipline("conservative", machines));
    ListSource source(pool.requests);
    SimulationOptions options;
    options.on_refusal = OnRefusal::replan;
    options.waiting_limit = std::chrono::minutes(40);
    options.from = &bad;
    Simulation simulation({world.spec, world.plans, *placer, *placer, *queue, source, {}}, options);
    const Status status = simulation.run();
    REQUIRE_FALSE(status.has_value());
    CHECK(status.error().message.find("'conservative' remembers cannot be") != std::string::npos);
  }
}

TEST_CASE("there is no state of an instant after the end") {
  const auto cases = cases_to_run();
  const ConformanceCase& used = cases.front();
  const SimTime late = used.requests.back().arrival + std::chrono::hours(24 * 365);
  CHECK_FALSE(run_half(used, "naive", "fifo", late, nullptr).state.has_value());
}

namespace {

using Spoil = std::function<void(RunState&)>;

/// The error of going on from a spoilt state; "no error" where it goes on all the same.
std::string error_of(const ConformanceCase& used, const RunState& good, const Spoil& spoil) {
  RunState bad = good;
  spoil(bad);
  const Status status = run_from(used, bad);
  return status ? std::string("no error") : status.error().message;
}

/// A state in which requests run and wait.
RunState busy_state(const ConformanceCase& used, int percent) {
  const Half half =
      run_half(used, "fallback-search", "fifo-skip", at_share(used, percent), nullptr);
  REQUIRE(half.state.has_value());
  REQUIRE(half.state->placed.size() > 2);
  REQUIRE_FALSE(half.state->waiting.empty());
  REQUIRE(run_from(used, *half.state).has_value());
  return *half.state;
}

PlacedRecord& placed_on(RunState& state, std::size_t devices) {
  const auto found = std::find_if(state.placed.begin(), state.placed.end(), [&](const auto& p) {
    return p.phase == PlacementPhase::running && p.holdings[0].devices.size() >= devices;
  });
  REQUIRE(found != state.placed.end());
  return *found;
}

constexpr Duration kInstant{1};

}  // namespace

TEST_CASE("states that are not of this workload are refused") {
  const auto cases = cases_to_run();
  const RunState good = busy_state(cases.front(), 60);
  for (const auto& [message, spoil] : std::vector<std::pair<std::string, Spoil>>{
           {"but this workload has 80",
            [](RunState& s) {
              s.submitted = 1'000'000;
              s.at += std::chrono::hours(24 * 365);
            }},
           {"in this workload", [](RunState& s) { s.placed[0].request.name = "x"; }},
           {"arrives after the state", [](RunState& s) { s.submitted = 80; }},
           {"twice", [](RunState& s) { s.placed.push_back(s.placed[0]); }}}) {
    CHECK(error_of(cases.front(), good, spoil).find(message) != std::string::npos);
  }
}

TEST_CASE("states with placements that cannot be are refused") {
  const auto cases = cases_to_run();
  const RunState good = busy_state(cases.front(), 60);
  const auto holding = [](RunState& s) -> NodeHolding& { return placed_on(s, 1).holdings[0]; };
  const std::vector<Spoil> spoils = {
      [&](RunState& s) { holding(s).devices[0] = 63; },
      [&](RunState& s) { holding(s).devices.push_back(0); },
      [&](RunState& s) { holding(s).node = static_cast<NodeId>(100'000); },
      [&](RunState& s) { holding(s).per_gpu.milli = 1001; },
      [&](RunState& s) { holding(s).per_gpu.bytes = Bytes{1} << 60; },
      [&](RunState& s) { holding(s).per_gpu.bytes = 0; },
      [&](RunState& s) { holding(s).cpu_milli = -1; },
      [&](RunState& s) { holding(s).cpu_milli += 1; },
      [&](RunState& s) { holding(s).ram += 1; },
      [](RunState& s) {
        placed_on(s, 2).holdings[0].per_gpu = {1, Bytes{1} << 30};
      },
      [](RunState& s) { s.placed[0].holdings.clear(); },
      [](RunState& s) {  // one node as two
        auto& holdings = placed_on(s, 2).holdings;
        NodeHolding rest = holdings[0];
        rest.devices = {holdings[0].devices.back()};
        holdings[0].devices.pop_back();
        rest.cpu_milli = rest.ram = 0;
        holdings.push_back(rest);
      },
      [](RunState& s) { s.placed[0].next = s.at; },
      [](RunState& s) { s.placed[0].gpu = static_cast<GpuTypeId>(999); },
      [](RunState& s) { s.placed[0].request.remaining = Duration(-1); },
      [](RunState& s) { s.placed[0].request.request = static_cast<RequestId>(1'000'000); },
      [](RunState& s) { placed_on(s, 1).request.remaining = Duration(0); },
      [](RunState& s) { placed_on(s, 1).request.remaining += std::chrono::hours(1); },
      [](RunState& s) {  // consistent with its end, but longer than its lifetime
        placed_on(s, 1).request.remaining += kInstant;
        placed_on(s, 1).next += kInstant;
      },
      [](RunState& s) { *placed_on(s, 1).ready_at -= kInstant; },
      [](RunState& s) { placed_on(s, 1).since = *placed_on(s, 1).ready_at + kInstant; },
      [](RunState& s) { placed_on(s, 1).since = SimTime(Duration(-1)); },
      [](RunState& s) { placed_on(s, 1).request.held_before = std::chrono::hours(1); },
      [](RunState& s) { placed_on(s, 1).utilisation_ppm = 0; },
      [](RunState& s) { placed_on(s, 1).utilisation_ppm = 1'000'001; },
      [](RunState& s) { placed_on(s, 1).request.attempts_before = 1; }};
  for (std::size_t i = 0; i < spoils.size(); ++i) {
    INFO("spoilt in way " << i);
    CHECK(error_of(cases.front(), good, spoils[i]) != "no error");
  }
}

TEST_CASE("a state knows the U that a policy had the engine started with") {
  // The engine refuses it at the request's U, and accepts it at the policy's.
  ConformanceCase used{"U", cluster_of({{"RTX-3090", 1}}), {llm_request("a", "qwen3-8b")}};
  llm_of(used.requests[0]).limits.utilisation_ppm = 600'000;
  const std::string_view options = "parameters = ['--gpu-memory-utilization=0.9']";
  const Half half = run_half(used, "gpustack", "fifo", at(60), nullptr, options);
  REQUIRE(half.state.has_value());
  REQUIRE(half.state->placed.size() == 1);
  CHECK(half.state->placed[0].utilisation_ppm == 900'000);
  CHECK(half.state->placed[0].phase == PlacementPhase::running);
  const Half rest = run_half(used, "gpustack", "fifo", std::nullopt, &*half.state, options);
  CHECK(rest.recorder.ending("a") == half.recorder.ending("a"));
  CHECK(rest.recorder.end == half.recorder.end);
  CHECK(error_of(used, *half.state, [](RunState& s) { s.placed[0].utilisation_ppm.reset(); }) !=
        "no error");
}

TEST_CASE("a state of a cluster without GPUs goes on") {
  ConformanceCase used{"no GPUs", cluster_of({{"", 0, 1, 32'000, 128 * kGiB}}), {}};
  for (int i = 0; i < 4; ++i) {
    Request request = opaque_request("r" + std::to_string(i), 0);
    request.arrival = at(i * 100);
    request.lifetime = std::chrono::seconds(1000);
    request.shape.cpu_milli = 8'000;
    used.requests.push_back(std::move(request));
  }
  const Half half = run_half(used, "first-fit", "fifo-skip", at(250), nullptr);
  REQUIRE(half.state.has_value());
  REQUIRE(half.state->placed.size() == 3);
  const Status status = run_from(used, *half.state);
  INFO((status ? "" : status.error().text()));
  CHECK(status.has_value());
}

TEST_CASE("states with requests that cannot wait so are refused") {
  const auto cases = cases_to_run();
  const RunState good = busy_state(cases.front(), 60);
  std::vector<Spoil> spoils = {
      [](RunState& s) { s.waiting[0].limit = s.at; },
      [](RunState& s) { *s.waiting[0].limit += kInstant; },
      [](RunState& s) { s.waiting[0].limit.reset(); },
      [](RunState& s) { s.waiting[0].lost_at = s.at; },
      [](RunState& s) { s.waiting[0].request.attempts = s.waiting[0].request.attempts_before = 1; },
  };
  for (const Outcome outcome : {Outcome::placed, Outcome::placed_degraded,
                                Outcome::refused_by_engine, Outcome::lost, Outcome::waiting}) {
    spoils.emplace_back([outcome](RunState& s) { s.waiting[0].last_outcome = outcome; });
  }
  for (std::size_t i = 0; i < spoils.size(); ++i) {
    INFO("spoilt in way " << i);
    CHECK(error_of(cases.front(), good, spoils[i]) != "no error");
  }
}

TEST_CASE("states with nodes that cannot be are refused") {
  const auto cases = conformance_cases();
  const RunState good = busy_state(cases.front(), 60);
  for (const auto& spoil :
       std::vector<Spoil>{[](RunState& s) {
                            s.nodes.push_back({NodeId{0}, {.down = true}, 0, {}, {}});
                          },
                          [](RunState& s) {
                            s.nodes.push_back({NodeId{0}, {}, 0, {}, {{"m", 1}}});
                          },
                          [](RunState& s) {
                            s.nodes.push_back({static_cast<NodeId>(99'999), {}, 0, {}, {}});
                          }}) {
    CHECK(error_of(cases.front(), good, spoil) != "no error");
  }

  // Nodes that fail by chance.
  const ConformanceCase& changing = cases.at(3);
  REQUIRE(changing.dynamics.failures.has_value());
  const Half half =
      run_half(changing, "fallback-search", "fifo-skip", at_share(changing, 120), nullptr);
  REQUIRE(half.state.has_value());
  const RunState& failing = *half.state;
  REQUIRE(run_from(changing, failing).has_value());
  const auto first_failed = [](RunState& s) {
    const auto found =
        std::find_if(s.nodes.begin(), s.nodes.end(), [](const auto& n) { return n.failures > 0; });
    REQUIRE(found != s.nodes.end());
    return found;
  };
  const std::vector<Spoil> spoils = {
      [&](RunState& s) { s.nodes.erase(first_failed(s)); },  // as if it had not failed yet
      [&](RunState& s) { first_failed(s)->next.reset(); },
      [&](RunState& s) { first_failed(s)->next = s.at; },
      [&](RunState& s) {
        const auto node = first_failed(s);
        node->failures = 0;
        node->next.reset();
        node->condition.failed = true;
      }};
  for (std::size_t i = 0; i < spoils.size(); ++i) {
    INFO("spoilt in way " << i);
    CHECK(error_of(changing, failing, spoils[i]) != "no error");
  }
}
