// What happens at one instant, in which order, and when requests stop waiting.

#include "sim/core/assert.hpp"
#include "tests/fixtures.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

using Lines = std::vector<std::string>;

/// Sums of what observers are told about the time between events.
class Clock final : public Observer {
 public:
  void elapsed(SimTime from, SimTime to, const SystemState& state) override {
    CHECK(from < to);
    if (last_) CHECK(from == *last_);
    last_ = to;
    total += to - from;
    states.push_back(state);
  }
  Duration total{};
  std::vector<SystemState> states;

 private:
  std::optional<SimTime> last_;
};

std::string waited(const Recorder& recorder, const std::string& request) {
  return seconds_text(recorder.outcomes.at(request).waited);
}

Status run_source(World& world, RequestSource& source) {
  const auto placer = make_policy(world, "first-fit");
  const auto queue = require_value(make_queue_discipline("fifo-skip"));
  Simulation simulation({world.spec, world.plans, *placer, *placer, *queue, source, {}}, {});
  return simulation.run();
}

}  // namespace

TEST_CASE("what ends at an instant makes room for what arrives at it") {
  World world(cluster_of({{"L4", 4}}));
  const auto recorder =
      run(world, "first-fit", {opaque_request("a", 4, 0, 100), opaque_request("b", 4, 100, 50)});
  CHECK(recorder.lines == Lines{"0 arrives a", "0 placed a: TP 1 x PP 1 on n0[0,1,2,3]",
                                "0 ready a", "100 released a", "100 finished a: placed",
                                "100 arrives b", "100 placed b: TP 1 x PP 1 on n0[0,1,2,3]",
                                "100 ready b", "150 released b", "150 finished b: placed"});
  CHECK(waited(recorder, "b") == "0");
  CHECK(recorder.end == at(150));
}

TEST_CASE("all arrivals of one instant come before one pass, in file order") {
  World world(cluster_of({{"L4", 2}}));
  const auto recorder = run(
      world, "first-fit",
      {opaque_request("c", 1, 5, 1), opaque_request("a", 1, 5, 1), opaque_request("b", 1, 5, 1)});
  CHECK(Lines(recorder.lines.begin(), recorder.lines.begin() + 5) ==
        Lines{"5 arrives c", "5 arrives a", "5 arrives b", "5 placed c: TP 1 x PP 1 on n0[0]",
              "5 placed a: TP 1 x PP 1 on n0[1]"});
  CHECK(waited(recorder, "b") == "1");
}

TEST_CASE("jobs of no duration end in further rounds of the same instant") {
  World world(cluster_of({{"L4", 1}}));
  const auto recorder = run(
      world, "first-fit",
      {opaque_request("a", 1, 7, 0), opaque_request("b", 1, 7, 0), opaque_request("c", 1, 7, 0)});
  for (const std::string name : {"a", "b", "c"}) {
    CHECK(recorder.ending(name) == "placed");
    CHECK(waited(recorder, name) == "0");
  }
  CHECK(recorder.end == at(7));
}

TEST_CASE("a request whose limit runs out when capacity is freed still gets a last try") {
  World world(cluster_of({{"L4", 1}}));
  const auto recorder = run(world, "first-fit",
                            {opaque_request("a", 1, 0, 3600), opaque_request("b", 1, 0, 1),
                             opaque_request("c", 1, 1, 1)});
  CHECK(recorder.ending("b") == "placed");
  CHECK(waited(recorder, "b") == "3600");
  CHECK(recorder.ending("c") == "placed");  // b ends at the last instant of c
  CHECK(waited(recorder, "c") == "3600");
}

TEST_CASE("a request that waited its limit out is rejected with a timeout") {
  World world(cluster_of({{"L4", 1}}));
  const auto recorder =
      run(world, "first-fit", {opaque_request("a", 1, 0, 3601), opaque_request("b", 1, 0, 1)});
  CHECK(recorder.ending("b") == "rejected/no_capacity: no_room (timeout)");
  CHECK(waited(recorder, "b") == "3600");
  CHECK(recorder.outcomes.at("b").attempts == 0);
  CHECK(recorder.end == at(3601));
}

TEST_CASE("a waiting limit of zero is one try") {
  World world(cluster_of({{"L4", 1}}));
  RunSetup setup;
  setup.simulation.waiting_limit = Duration(0);
  const auto recorder =
      run(world, "first-fit", {opaque_request("a", 1, 0, 10), opaque_request("b", 1, 5, 1)}, setup);
  CHECK(recorder.ending("a") == "placed");
  CHECK(recorder.ending("b") == "rejected/no_capacity: no_room (timeout)");
  CHECK(waited(recorder, "b") == "0");
}

TEST_CASE("without a waiting limit a request waits as long as it takes") {
  World world(cluster_of({{"L4", 1}}));
  RunSetup setup;
  setup.simulation.waiting_limit.reset();
  const auto recorder =
      run(world, "first-fit", {opaque_request("a", 1, 0, 1'000'000), opaque_request("b", 1, 0, 1)},
          setup);
  CHECK(recorder.ending("b") == "placed");
  CHECK(waited(recorder, "b") == "1000000");
}

TEST_CASE("under strict fifo one that is never tried says so") {
  World world(cluster_of({{"RTX-3090", 4}}));
  RunSetup setup;
  setup.queue = "fifo";
  setup.simulation.on_refusal = OnRefusal::replan;
  // gemma is refused at 15 s and queues behind the task, which waits for the fourth GPU longer than
  // gemma may wait. Three pipeline stages would have had room.
  const auto recorder =
      run(world, "naive",
          {opaque_request("long", 1, 0, 9000), llm_request("gemma", "gemma-3-27b-it"),
           opaque_request("task", 4, 5, 1)},
          setup);
  CHECK(recorder.ending("gemma") == "rejected/policy_missed: behind_head (timeout)");
  CHECK(recorder.outcomes.at("gemma").attempts == 1);
  CHECK(recorder.ending("task") == "rejected/no_capacity: no_room (timeout)");
}

TEST_CASE("under strict fifo one that queued behind the head is tried at its last instant") {
  World world(cluster_of({{"L4", 2}}));
  RunSetup setup;
  setup.queue = "fifo";
  const auto recorder = run(
      world, "first-fit",
      {opaque_request("a", 1, 0, 9000), opaque_request("b", 2, 0, 1), opaque_request("c", 1, 0, 1)},
      setup);
  CHECK(recorder.ending("b") == "rejected/no_capacity: no_room (timeout)");
  CHECK(recorder.ending("c") == "placed");  // the limits of b and c run out together, b's first
  CHECK(waited(recorder, "c") == "3600");
}

TEST_CASE("when the head of a strict queue gives up, the next is tried at once") {
  World world(cluster_of({{"L4", 2}}));
  RunSetup setup;
  setup.queue = "fifo";
  const auto recorder = run(world, "first-fit",
                            {opaque_request("a", 1, 0, 9000), opaque_request("b", 2, 0, 1),
                             opaque_request("c", 1, 60, 1)},
                            setup);
  CHECK(recorder.ending("c") == "placed");
  CHECK(waited(recorder, "c") == "3540");
}

TEST_CASE("at the end of the run what runs counts as placed and what queues as waiting") {
  World world(cluster_of({{"L4", 1}}));
  RunSetup setup;
  setup.simulation.until = at(100);
  Clock clock;
  setup.observers = {&clock};
  const auto recorder = run(world, "first-fit",
                            {opaque_request("a", 1, 10, 90), opaque_request("b", 1, 20, 1),
                             opaque_request("c", 1, 100, 1)},
                            setup);
  CHECK(recorder.ending("a") == "placed");
  CHECK(recorder.ending("b") == "waiting");
  CHECK(waited(recorder, "b") == "80");
  CHECK(recorder.ending("c") == "no such request");  // [.., until): it never arrived
  CHECK(recorder.end == at(100));
  CHECK(clock.total == std::chrono::seconds(90));  // from the first event to the end
}

TEST_CASE("a deployment that is still loading at the end of the run counts as placed") {
  World world(cluster_of({{"A100-80GB", 1}}));
  RunSetup setup;
  setup.simulation.until = at(1);
  const auto recorder =
      run(world, "fallback-search", {llm_request("a", "meta-llama-3.1-8b")}, setup);
  CHECK(recorder.ending("a") == "placed");
  CHECK(recorder.outcomes.at("a").attempts == 1);
}

TEST_CASE("the state between events is what was held and who waited") {
  World world(cluster_of({{"L4", 2}}));
  RunSetup setup;
  Clock clock;
  setup.observers = {&clock};
  (void)run(world, "first-fit", {opaque_request("a", 2, 0, 10), opaque_request("b", 1, 4, 10)},
            setup);
  CHECK(clock.states ==
        std::vector<SystemState>{{2000, 0, 0, 0, 1}, {2000, 0, 1, 0, 1}, {1000, 1, 0, 0, 1}});
}

TEST_CASE("requests out of order are an error that names both times") {
  World world(cluster_of({{"L4", 1}}));
  ListSource source({opaque_request("a", 1, 10), opaque_request("b", 1, 9)});
  const Status status = run_source(world, source);
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().text().find("'b' arrives at 9 s, after one that arrives at 10 s") !=
        std::string::npos);
  CHECK(status.error().hint == "sort the trace by arrival");
}

TEST_CASE("an error of the request source ends the run with it") {
  World world(cluster_of({{"L4", 1}}));
  ListSource source({opaque_request("a", 1, 10)}, Error{"bad row", {"trace.csv", 3, 7}, ""});
  const Status status = run_source(world, source);
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().text() == "trace.csv:3:7: bad row");
}

TEST_CASE("a run without requests ends at once") {
  World world(cluster_of({{"L4", 1}}));
  const auto recorder = run(world, "first-fit", {});
  CHECK(recorder.lines.empty());
  CHECK_FALSE(recorder.end.has_value());
}

TEST_CASE("arrivals may lie before the start of the clock") {
  World world(cluster_of({{"L4", 1}}));
  const auto recorder = run(world, "first-fit", {opaque_request("a", 1, -100, 10)});
  CHECK(recorder.ending("a") == "placed");
  CHECK(recorder.end == at(-90));
}

TEST_CASE("kinds the policy does not take go to the base placer") {
  World world(cluster_of({{"A100-80GB", 2}}));
  const auto recorder =
      run(world, "naive", {opaque_request("task", 1), llm_request("llm", "qwen3-8b")});
  CHECK(recorder.ending("task") == "placed");
  CHECK(recorder.ending("llm") == "placed");
}

TEST_CASE("an illegal placement is a fault that names policy, request and reason") {
  World world(cluster_of({{"L4", 2}}));
  FunctionPlacer bad([](const PlacementRequest&, const Cluster& cluster) -> Decision {
    const NodeClass& only = cluster.class_of(NodeId{0});
    return Place{{GpuTypeId{0}, {}, {{only.id, {0, 1}, 1}}}, "two for one"};
  });
  std::string text;
  try {
    (void)run(world, bad, {opaque_request("a", 1)});
  } catch (const Fault& fault) {
    text = fault.what();
  }
  CHECK(
      text.find("policy 'function' offered an illegal placement for 'a': 2 GPUs given, 1 asked") !=
      std::string::npos);
}

TEST_CASE("a request that no placer takes is an error that names it and both placers") {
  World world(cluster_of({{"L4", 2}}));
  const auto naive = make_policy(world, "naive");
  const auto queue = require_value(make_queue_discipline("fifo-skip"));
  ListSource source({opaque_request("task", 1)});
  Simulation simulation({world.spec, world.plans, *naive, *naive, *queue, source, {}}, {});
  const Status status = simulation.run();
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().text().find("neither 'naive' nor 'naive' places opaque tasks, as request "
                                   "'task' is") != std::string::npos);
}

TEST_CASE("a run that would pass the end of the clock is an error that names the request") {
  World world(cluster_of({{"L4", 1}}));
  Request request = opaque_request("eternal", 1);
  request.lifetime = kMaxInputTime;
  RunSetup setup;
  setup.simulation.waiting_limit.reset();
  ListSource source({request, request, request});
  const auto placer = make_policy(world, "first-fit");
  const auto queue = require_value(make_queue_discipline("fifo-skip"));
  Simulation simulation({world.spec, world.plans, *placer, *placer, *queue, source, {}},
                        setup.simulation);
  const Status status = simulation.run();  // one after the other: 300 years
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().text().find("'eternal' would end after 250 years") != std::string::npos);
}
