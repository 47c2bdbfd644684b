// A run that goes on from a saved state goes on as the undisturbed run does.

#include "sim/policy/queue_discipline.hpp"
#include "tests/conformance/placer_conformance.hpp"
#include "tests/fixtures.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;

namespace {

struct Half {
  Recorder recorder;
  std::optional<RunState> state;
};

Half run_half(const ConformanceCase& from_case, const std::string& policy, const std::string& queue,
              std::optional<SimTime> dump_at, const RunState* from) {
  World world(from_case.cluster);
  const auto placer = make_policy(world, policy);
  const auto base = make_policy(world, "first-fit");
  const auto discipline = require_value(make_queue_discipline(queue));
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

Status run_from(const ConformanceCase& used, const RunState& state) {
  World world(used.cluster);
  const auto placer = make_policy(world, "fallback-search");
  const auto base = make_policy(world, "first-fit");
  const auto discipline = require_value(make_queue_discipline("fifo-skip"));
  ListSource source(used.requests);
  SimulationOptions options;
  options.waiting_limit = std::chrono::minutes(40);
  options.from = &state;
  Simulation simulation({world.spec, world.plans, *placer, *base, *discipline, source, {}},
                        options);
  return simulation.run();
}

}  // namespace

TEST_CASE("a run from a saved state ends as the undisturbed run") {
  const auto cases = conformance_cases();
  for (const ConformanceCase& used : cases) {
    for (const std::string queue : {"fifo-skip", "fifo"}) {
      for (const std::string policy : {"fallback-search", "naive", "gpustack"}) {
        const Half whole = run_half(used, policy, queue, std::nullopt, nullptr);
        for (const int percent : {30, 75, 130}) {
          const SimTime instant = at_share(used, percent);
          INFO(used.name << ", " << queue << ", " << policy << ", at " << seconds_text(instant));
          const Half first = run_half(used, policy, queue, instant, nullptr);
          CHECK(first.recorder.lines == whole.recorder.lines);  // saving changes nothing
          REQUIRE(first.state.has_value());
          const Half rest = run_half(used, policy, queue, std::nullopt, &*first.state);
          CHECK(lines_after(rest.recorder, instant) == lines_after(whole.recorder, instant));
          for (const auto& [name, outcome] : rest.recorder.outcomes) {
            const OutcomeRecord& before = whole.recorder.outcomes.at(name);
            CHECK(rest.recorder.ending(name) == whole.recorder.ending(name));
            CHECK(outcome.waited == before.waited);
            CHECK(outcome.attempts == before.attempts);
          }
          // Saved again later, the state is that of the undisturbed run.
          const SimTime later = at_share(used, percent + 20);
          const Half late = run_half(used, policy, queue, later, nullptr);
          const Half resumed = run_half(used, policy, queue, later, &*first.state);
          REQUIRE(late.state.has_value() == resumed.state.has_value());
          if (late.state) CHECK(late.state->waiting.size() == resumed.state->waiting.size());
          if (late.state) CHECK(late.state->placed.size() == resumed.state->placed.size());
        }
      }
    }
  }
}

TEST_CASE("there is no state of an instant after the end") {
  const auto cases = conformance_cases();
  const ConformanceCase& used = cases.front();
  const SimTime late = used.requests.back().arrival + std::chrono::hours(24 * 365);
  CHECK_FALSE(run_half(used, "naive", "fifo", late, nullptr).state.has_value());
}

TEST_CASE("states that cannot be are refused") {
  const auto cases = conformance_cases();
  const RunState good =
      *run_half(cases.front(), "fallback-search", "fifo-skip", at_share(cases.front(), 60), nullptr)
           .state;
  REQUIRE(good.placed.size() > 2);
  REQUIRE_FALSE(good.waiting.empty());
  REQUIRE(run_from(cases.front(), good).has_value());
  const auto refused = [&](const std::function<void(RunState&)>& spoil) {
    RunState bad = good;
    spoil(bad);
    const Status status = run_from(cases.front(), bad);
    return status ? std::string("no error") : status.error().message;
  };
  CHECK(refused([](RunState& s) { s.submitted = 1'000'000; }).find("but this workload has 80") !=
        std::string::npos);
  CHECK(refused([](RunState& s) { s.placed[0].request.name = "x"; }).find("in this workload") !=
        std::string::npos);
  const std::string twice = "twice";
  CHECK(refused([](RunState& s) { s.placed.push_back(s.placed[0]); }).find(twice) !=
        std::string::npos);
  const auto holding = [](RunState& s) -> NodeHolding& {
    const auto with_gpus = std::find_if(s.placed.begin(), s.placed.end(), [](const auto& p) {
      return !p.holdings[0].devices.empty();
    });
    REQUIRE(with_gpus != s.placed.end());
    return with_gpus->holdings[0];
  };
  for (const auto& spoil : std::vector<std::function<void(RunState&)>>{
           [&](RunState& s) { holding(s).devices[0] = 63; },
           [&](RunState& s) { holding(s).devices.push_back(0); },
           [&](RunState& s) { holding(s).node = static_cast<NodeId>(100'000); },
           [&](RunState& s) { holding(s).per_gpu.milli = 1001; },
           [&](RunState& s) { holding(s).per_gpu.bytes = Bytes{1} << 60; },
           [&](RunState& s) { holding(s).cpu_milli = -1; },
           [](RunState& s) { s.placed[0].holdings.clear(); },
           [](RunState& s) { s.placed[0].next = s.at; },
           [](RunState& s) { s.placed[0].gpu = static_cast<GpuTypeId>(999); },
           [](RunState& s) { s.placed[0].request.remaining = Duration(-1); },
           [](RunState& s) { s.placed[0].request.request = static_cast<RequestId>(1'000'000); },
           [](RunState& s) { s.waiting[0].limit = s.at; },
           [](RunState& s) {
             s.nodes.push_back({NodeId{0}, {.down = true}, 0, {}, {}});
           },
           [](RunState& s) {
             s.nodes.push_back({NodeId{0}, {}, 0, {}, {{"m", 1}}});
           },
           [](RunState& s) {
             s.nodes.push_back({static_cast<NodeId>(99'999), {}, 0, {}, {}});
           }}) {
    CHECK(refused(spoil) != "no error");
  }
}
