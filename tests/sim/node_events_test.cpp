// Nodes that go down, drain, come back, are added and removed, and what becomes of what ran there.

#include "sim/observe/metrics.hpp"
#include "sim/run/failure_clock.hpp"
#include "tests/fixtures.hpp"

#include <algorithm>
#include <cmath>

using namespace headroom;
using namespace headroom::test;

namespace {

using Lines = std::vector<std::string>;

constexpr NodeId kFirst{0};
constexpr NodeId kSecond{1};
constexpr Bytes kWeights = 16'060'522'496;  // of meta-llama-3.1-8b: 1 s at as much per second

NodeEvent event(std::int64_t seconds, NodeEventKind kind, NodeId node = kFirst) {
  return {at(seconds), kind, node};
}

RunSetup with(std::vector<NodeEvent> events) {
  RunSetup setup;
  setup.simulation.dynamics.events = std::move(events);
  return setup;
}

Lines without_arrivals(const Recorder& recorder) {
  Lines out;
  std::copy_if(recorder.lines.begin(), recorder.lines.end(), std::back_inserter(out),
               [](const std::string& line) { return line.find("arrives") == line.npos; });
  return out;
}

double value_of(const Metrics& metrics, const std::string& key) {
  for (const MetricValue& value : metrics.values()) {
    if (value.key == key) return value.value;
  }
  FAIL("there is no figure '" << key << "'");
  return 0.0;
}

ClusterSpec fast_nodes(int nodes, int gpus = 1) {
  return cluster_of({{"A100-80GB", gpus, nodes, kNotCounted, kNotCounted, 0, kWeights}});
}

Request llama(const std::string& name, std::int64_t arrival_s = 0, std::int64_t lifetime_s = 3600) {
  return llm_request(name, "meta-llama-3.1-8b", arrival_s, lifetime_s);
}

}  // namespace

TEST_CASE("a deployment that loses its node is placed again and serves the rest of its life") {
  World world(fast_nodes(2));
  const auto recorder =
      run(world, "fallback-search", {llama("a", 0, 100)}, with({event(41, NodeEventKind::down)}));
  // Ready at 1 s, lost at 41 s with 60 s to go, loaded again in 1 s.
  CHECK(without_arrivals(recorder) ==
        Lines{"0 placed a: TP 1 x PP 1 on n0[0]", "1 ready a", "41 node n0: down",
              "41 lost a: node_down on n0", "41 released a", "41 placed a: TP 1 x PP 1 on n1[0]",
              "42 ready a", "102 released a", "102 finished a: placed"});
  const OutcomeRecord& outcome = recorder.outcomes.at("a");
  CHECK(outcome.attempts == 2);
  CHECK(outcome.waited == Duration(0));  // the time on n0 was no waiting
}

TEST_CASE("a task starts over, or goes on where it is told to") {
  for (const bool over : {true, false}) {
    World world(cluster_of({{"L4", 1, 2}}));
    RunSetup setup = with({event(40, NodeEventKind::down)});
    setup.simulation.dynamics.tasks_start_over = over;
    const auto recorder = run(world, "first-fit", {opaque_request("a", 1, 0, 100)}, setup);
    CHECK(recorder.end == at(over ? 140 : 100));
    CHECK(recorder.outcome("a") == "placed");
  }
}

TEST_CASE("what is not placed again within the waiting limit is lost") {
  World world(fast_nodes(1));
  RunSetup setup = with({event(50, NodeEventKind::down), event(500, NodeEventKind::up)});
  setup.simulation.waiting_limit = std::chrono::seconds(100);
  const auto recorder = run(world, "fallback-search", {llama("a"), llama("b", 10)}, setup);
  // b waited since 10 s and was never placed; a waits from the loss on.
  CHECK(recorder.ending("b") == "rejected/no_capacity: no_room (timeout)");
  CHECK(recorder.ending("a") == "lost: node_down (timeout)");
  CHECK(recorder.lines.back() == "150 finished a: lost");
  CHECK(recorder.end == at(150));  // nothing is left for the node to carry
}

TEST_CASE("on_loss = lose ends what loses its node, whatever is free") {
  World world(fast_nodes(2));
  RunSetup setup = with({event(50, NodeEventKind::remove)});
  setup.simulation.dynamics.on_loss = OnLoss::lose;
  const auto recorder = run(world, "fallback-search", {llama("a")}, setup);
  CHECK(recorder.ending("a") == "lost: node_removed");
  CHECK(recorder.end == at(50));
}

TEST_CASE("what waits to be placed again when the run is cut off is lost") {
  World world(fast_nodes(1));
  RunSetup setup = with({event(50, NodeEventKind::down)});
  setup.simulation.until = at(60);
  const auto recorder =
      run(world, "fallback-search", {llama("a", 0, 10'000), llama("b", 55)}, setup);
  CHECK(recorder.ending("a") == "lost: node_down");
  CHECK(recorder.ending("b") == "waiting");
}

TEST_CASE("a drained node takes nothing new and lets run what runs") {
  World world(cluster_of({{"L4", 2}}));
  const auto recorder =
      run(world, "first-fit", {opaque_request("a", 1, 0, 100), opaque_request("b", 1, 60, 10)},
          with({event(50, NodeEventKind::drain), event(200, NodeEventKind::up)}));
  CHECK(without_arrivals(recorder) == Lines{"0 placed a: TP 1 x PP 1 on n0[0]", "0 ready a",
                                            "50 node n0: drained", "100 released a",
                                            "100 finished a: placed", "200 node n0: in service",
                                            "200 placed b: TP 1 x PP 1 on n0[0]", "200 ready b",
                                            "210 released b", "210 finished b: placed"});
}

TEST_CASE("a node whose first event adds it is not there before") {
  World world(cluster_of({{"L4", 1, 2}}));
  const auto recorder = run(
      world, "first-fit", {opaque_request("a", 1, 0, 100), opaque_request("b", 1, 0, 100)},
      with({event(30, NodeEventKind::add, kSecond), event(80, NodeEventKind::remove, kSecond)}));
  CHECK(without_arrivals(recorder) ==
        Lines{"0 node n1: absent", "0 placed a: TP 1 x PP 1 on n0[0]", "0 ready a",
              "30 node n1: in service", "30 placed b: TP 1 x PP 1 on n1[0]", "30 ready b",
              "80 node n1: absent", "80 lost b: node_removed on n1", "80 released b",
              "100 released a", "100 finished a: placed", "100 placed b: TP 1 x PP 1 on n0[0]",
              "100 ready b", "200 released b", "200 finished b: placed"});
}

TEST_CASE("at one instant ends come before changes of nodes, and those before arrivals") {
  World world(cluster_of({{"L4", 1}}));
  const auto recorder =
      run(world, "first-fit", {opaque_request("a", 1, 0, 50), opaque_request("b", 1, 50, 10)},
          with({event(50, NodeEventKind::down), event(50, NodeEventKind::up)}));
  CHECK(recorder.outcome("a") == "placed");
  const Lines tail(recorder.lines.begin() + 3, recorder.lines.end());
  CHECK(tail == Lines{"50 released a", "50 finished a: placed", "50 node n0: down",
                      "50 node n0: in service", "50 arrives b", "50 placed b: TP 1 x PP 1 on n0[0]",
                      "50 ready b", "60 released b", "60 finished b: placed"});
}

TEST_CASE("a deployment over two nodes is lost whole, and its other node is free") {
  World world(cluster_of({{"L4", 1, 3}}));
  FunctionPlacer told([](const PlacementRequest& request, const Cluster& cluster) -> Decision {
    RoomSearch search(cluster, request.shape);
    const int gpus = request.shape.shape.opaque().gpus;
    auto parts = search.on_equal_nodes(GpuTypeId{0}, 1, gpus);
    if (!parts) return NotNow{"no_room"};
    return Place{{GpuTypeId{0}, {}, *parts}, "told"};
  });
  RunSetup setup = with({event(50, NodeEventKind::down, kSecond)});
  setup.simulation.waiting_limit = std::chrono::seconds(1000);
  const auto recorder =
      run(world, told, {opaque_request("a", 2, 0, 100), opaque_request("b", 2, 10, 10)}, setup);
  // b joined the queue before a came back to it.
  CHECK(recorder.placements.at("a").size() == 2);
  CHECK(where(recorder.placements.at("b").at(0)) == "n0[0]+n2[0]");
  CHECK(where(recorder.placements.at("a").at(1)) == "n0[0]+n2[0]");
  CHECK(recorder.end == at(160));
}

TEST_CASE("refusals are counted anew where a placement lost its node") {
  World world(cluster_of({{"RTX-3090", 4, 2}}));
  RunSetup setup = with({event(20, NodeEventKind::down)});
  setup.simulation.startup.attempts = 2;
  const auto recorder = run(world, "naive", {llm_request("g", "gemma-3-27b-it")}, setup);
  // Refused at 15 s, lost in its pause; on the other node refused at 35 s and, after 10 s, at 60 s.
  CHECK(recorder.ending("g") == "refused_by_engine: vllm.heads");
  CHECK(recorder.end == at(60));
  CHECK(recorder.outcomes.at("g").attempts == 3);
}

TEST_CASE("GPU time that node failures cost is counted apart, and once") {
  World world(fast_nodes(2));
  Metrics metrics(world.spec, world.plans, {}, {true, false});
  RunSetup setup = with({event(41, NodeEventKind::down), event(71, NodeEventKind::up)});
  setup.observers = {&metrics};
  Request task = opaque_request("t", 1, 0, 100);
  (void)run(world, "fallback-search", {llama("a", 0, 100), task}, setup);
  // a: 1 s loading, 40 s of use, lost, 30 s waiting, 1 s loading again, 60 s of use. t: 100 s.
  CHECK(value_of(metrics, "useful_gpu_hours") == Approx(200.0 / 3600));
  CHECK(value_of(metrics, "failure_gpu_hours") == Approx(1.0 / 3600));
  CHECK(value_of(metrics, "losses") == 1.0);
  CHECK(value_of(metrics, "placed_again") == 1.0);
  CHECK(value_of(metrics, "node_failures") == 1.0);
  CHECK(value_of(metrics, "lost_gpu_hours") == 0.0);
  // Held: a 41 s and 61 s, t 100 s; there: 2 GPUs to 132 s less 30 s of one.
  CHECK(value_of(metrics, "allocation") == Approx(100.0 * 202 / (2 * 132 - 30)));
}

TEST_CASE("the work of a task that starts over is lost GPU time") {
  World world(cluster_of({{"L4", 1, 2}}));
  Metrics metrics(world.spec, world.plans, {}, {true, false});
  RunSetup setup = with({event(40, NodeEventKind::down)});
  setup.observers = {&metrics};
  (void)run(world, "first-fit", {opaque_request("a", 1, 0, 100)}, setup);
  CHECK(value_of(metrics, "failure_gpu_hours") == Approx(40.0 / 3600));
  CHECK(value_of(metrics, "useful_gpu_hours") == Approx(100.0 / 3600));
}

TEST_CASE("weights on a node's disk make the next start there faster") {
  World world(cluster_of({{"A100-80GB", 1, 1, kNotCounted, kNotCounted, 0, kWeights / 4}}));
  RunSetup setup;
  setup.simulation.dynamics.disk = DiskModel{40'000'000'000, kWeights / 2};
  Metrics metrics(world.spec, world.plans, {}, {false, true});
  setup.observers = {&metrics};
  const std::vector<Request> requests = {llama("a", 0, 10), llama("b", 100, 10)};
  const auto recorder = run(world, "fallback-search", requests, setup);
  CHECK(recorder.lines[2] == "4 ready a");
  CHECK(recorder.lines[7] == "102 ready b");
  CHECK(value_of(metrics, "disk_loads") == 1.0);
  // A disk that is too small keeps nothing, a slow one is not read.
  setup.simulation.dynamics.disk = DiskModel{kWeights - 1, kWeights};
  setup.observers = {};
  CHECK(run(world, "fallback-search", requests, setup).lines[7] == "104 ready b");
  setup.simulation.dynamics.disk = DiskModel{40'000'000'000, kWeights / 8};
  CHECK(run(world, "fallback-search", requests, setup).lines[7] == "104 ready b");
}

TEST_CASE("weights stay on the disk of a node that was down, not of one that was removed") {
  for (const auto kind : {NodeEventKind::down, NodeEventKind::remove}) {
    World world(cluster_of({{"A100-80GB", 1, 1, kNotCounted, kNotCounted, 0, kWeights / 4}}));
    const bool down = kind == NodeEventKind::down;
    RunSetup setup =
        with({event(50, kind), event(60, down ? NodeEventKind::up : NodeEventKind::add)});
    setup.simulation.dynamics.disk = DiskModel{40'000'000'000, kWeights};
    const auto recorder =
        run(world, "fallback-search", {llama("a", 0, 10), llama("b", 100, 10)}, setup);
    CHECK(recorder.lines.at(9) == (down ? "101 ready b" : "104 ready b"));
  }
}

TEST_CASE("disks keep what was used last, within their capacity") {
  WeightCache cache(100);
  cache.use(kFirst, "a", 40);
  cache.use(kFirst, "b", 40);
  cache.use(kFirst, "a", 40);
  cache.use(kFirst, "c", 30);  // b was used longest ago
  CHECK(cache.holds(kFirst, "a", 40));
  CHECK_FALSE(cache.holds(kFirst, "b", 40));
  CHECK(cache.holds(kFirst, "c", 30));
  CHECK_FALSE(cache.holds(kSecond, "a", 40));
  CHECK_FALSE(cache.holds(kFirst, "a", 41));  // another checkpoint of that name
  cache.use(kFirst, "d", 101);
  CHECK(cache.used(kFirst) == 70);
  cache.use(kFirst, "e", 100);
  CHECK(cache.disks().at(kFirst).size() == 1);
  cache.forget(kFirst);
  CHECK(cache.used(kFirst) == 0);
}

TEST_CASE(
    "times to failure have the mean and the spread that are asked for, each from its stream") {
  const FailureModel model{std::chrono::hours(1000), std::chrono::hours(2), 0.7, 1.0};
  const FailureClock clock(model, 7);
  double sum = 0;
  double squares = 0;
  double repairs = 0;
  constexpr int kDraws = 20'000;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double hours = to_seconds(clock.to_failure("n", i)) / 3600.0;
    sum += hours;
    squares += hours * hours;
    repairs += to_seconds(clock.to_repair("n", i)) / 3600.0;
  }
  const double mean = sum / kDraws;
  CHECK(mean == Approx(1000.0).epsilon(0.05));
  // The coefficient of variation of a Weibull distribution with shape 0.7 is 1.46.
  CHECK(std::sqrt(squares / kDraws - mean * mean) / mean == Approx(1.46).epsilon(0.08));
  CHECK(repairs / kDraws == Approx(2.0).epsilon(0.05));
  CHECK(clock.to_failure("n", 3) == FailureClock(model, 7).to_failure("n", 3));
  CHECK(clock.to_failure("n", 3) != clock.to_failure("m", 3));
  CHECK(clock.to_failure("n", 3) != FailureClock(model, 8).to_failure("n", 3));
}

TEST_CASE("failures by chance come and go, and the run ends with its requests") {
  World world(fast_nodes(3));
  RunSetup setup;
  setup.simulation.dynamics.failures =
      FailureModel{std::chrono::minutes(30), std::chrono::minutes(5), 1.0, 1.0};
  const auto recorder =
      run(world, "fallback-search", {llama("a", 0, 36'000), llama("b", 0, 36'000)}, setup);
  const auto count = [&](const std::string& part) {
    return std::count_if(recorder.lines.begin(), recorder.lines.end(),
                         [&](const std::string& line) { return line.find(part) != line.npos; });
  };
  CHECK(count("failed") > 10);
  CHECK(count("lost a") + count("lost b") > 5);
  CHECK(recorder.outcome("a") == "placed");
  CHECK(recorder.outcome("b") == "placed");
  const auto again =
      run(world, "fallback-search", {llama("a", 0, 36'000), llama("b", 0, 36'000)}, setup);
  CHECK(again.lines == recorder.lines);
}
