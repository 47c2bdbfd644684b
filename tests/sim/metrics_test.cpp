// The figures of small runs, worked by hand.

#include "sim/observe/metrics.hpp"

#include "sim/observe/outcome_log.hpp"
#include "tests/fixtures.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

double value_of(const Metrics& metrics, const std::string& key) {
  for (const MetricValue& value : metrics.values()) {
    if (value.key == key) return value.value;
  }
  FAIL("there is no figure '" << key << "'");
  return 0.0;
}

/// TP 1 gives 1,000 milli-tokens/s per GPU, every further GPU costs a tenth of that.
class TenthOff final : public CostModel {
 public:
  [[nodiscard]] std::string_view name() const override { return "tenth off"; }
  [[nodiscard]] std::string source(const GpuType& /*gpu*/, const Model& /*model*/) const override {
    return "tenth off";
  }
  [[nodiscard]] std::int64_t milli_tokens_per_s(const CostQuery& query) const override {
    const std::int64_t gpus = query.plan.gpus();
    return gpus * (1100 - 100 * gpus) - (query.links.stages == plain_network() ? 100 : 0);
  }
};

}  // namespace

TEST_CASE("allocation and useful time of whole GPUs are what a hand calculation gives") {
  World world(cluster_of({{"L4", 4}}));
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  (void)run(world, "first-fit",
            {opaque_request("a", 2, 0, 3600), opaque_request("b", 1, 1800, 3600)}, setup);
  // 2 GPUs for an hour and 1 for an hour, of 4 GPUs over 1.5 h.
  CHECK(value_of(metrics, "useful_gpu_hours") == Approx(3.0));
  CHECK(value_of(metrics, "allocation") == Approx(50.0));
  CHECK(value_of(metrics, "lost_gpu_hours") == 0.0);
  CHECK(value_of(metrics, "parallel_efficiency") == 0.0);  // no deployment ran
  CHECK(value_of(metrics, "submitted") == 2.0);
  CHECK(value_of(metrics, "unserved_rate") == 0.0);
  CHECK(value_of(metrics, "outcome.placed") == 100.0);
}

TEST_CASE("GPUs that others fill are no capacity, not idle and not stranded") {
  ClusterSpec spec = cluster_of({{"L4", 4}, {"L4", 4}});
  const Bytes all = spec.gpu_types[0].memory;
  spec.nodes[0].used = {all, all, 0, all - kGiB};
  spec.nodes[1].used = {all, all, all, all};
  CHECK(spec.gpu_count() == 8);
  CHECK(spec.full_gpus(spec.nodes[0]) == 2);
  CHECK(spec.capacity_gpus() == 2);
  World world(spec);
  CHECK(world.cluster.idle_gpus() == 2);
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  (void)run(world, "first-fit", {opaque_request("a", 1, 0, 3600)}, setup);
  CHECK(value_of(metrics, "allocation") == Approx(50.0));
  // A node that goes takes its full GPUs along: what is left is the two of the other.
  Metrics changing(world.spec, world.plans, {}, {true, false});
  changing.begun(world.cluster);
  NodeCondition down;
  down.down = true;
  changing.node_changed(SimTime{}, NodeId{1}, down);
  SystemState state;
  state.milli_held = 1000;
  state.gpus_gone = 4;
  changing.elapsed(SimTime{}, SimTime(std::chrono::hours(1)), state);
  CHECK(value_of(changing, "allocation") == Approx(50.0));
  changing.node_changed(SimTime(std::chrono::hours(1)), NodeId{1}, {});
  state.gpus_gone = 0;
  changing.elapsed(SimTime(std::chrono::hours(1)), SimTime(std::chrono::hours(2)), state);
  CHECK(value_of(changing, "allocation") == Approx(50.0));
}

TEST_CASE("stranded GPUs leave out those that others fill") {
  ClusterSpec spec = cluster_of({{"L4", 4}});
  const Bytes all = spec.gpu_types[0].memory;
  spec.nodes[0].used = {all, all, all, all - kGiB};
  World world(spec);
  StrandedGpus stranded;
  const Request request = llm_request("a", "meta-llama-3.1-8b", 0, 60);
  stranded.add(world.intern(request), world.plans);
  CHECK(stranded.count(world.cluster) == 1);  // a GiB is no use to anyone
}

TEST_CASE("a share of a GPU counts by its share") {
  World world(cluster_of({{"L4", 1}}));
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  (void)run(world, "first-fit", {opaque_request("a", 1, 0, 3600, 250)}, setup);
  CHECK(value_of(metrics, "useful_gpu_hours") == Approx(0.25));
  CHECK(value_of(metrics, "allocation") == Approx(25.0));
}

TEST_CASE("stranded are the idle GPUs of nodes that no model seen so far can use") {
  // gemma-3-27b-it takes three or more of the L4s, both L40S, and never a T4.
  World world(cluster_of({{"L4", 4}, {"L40S", 2}, {"T4", 1}}));
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  setup.simulation.until = at(4000);
  FunctionPlacer placer([](const PlacementRequest& request, const Cluster& cluster) -> Decision {
    if (request.shape.shape.kind() == RequestKind::llm) return NotNow{"left waiting"};
    const NodeClass& l4 = cluster.class_of(NodeId{0});
    return Place{{GpuTypeId{0}, {1, 1}, {{l4.id, {0, 1}, 1}}}, "two L4s"};
  });
  setup.simulation.waiting_limit.reset();
  (void)run(world, placer,
            {llm_request("gemma", "gemma-3-27b-it"), opaque_request("task", 2, 1000, 2000)}, setup);
  // The T4 all the time, and from 1000 s to 3000 s the two L4s that are left, of 7 GPUs.
  CHECK(value_of(metrics, "stranded_gpus") == Approx(100.0 * (1 * 4000 + 2 * 2000) / (7 * 4000)));
}

TEST_CASE("waiting is folded over what was served") {
  World world(cluster_of({{"L4", 1}}));
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  setup.simulation.waiting_limit = std::chrono::seconds(50);
  (void)run(world, "first-fit",
            {opaque_request("a", 1, 0, 40), opaque_request("b", 1, 10, 100),
             opaque_request("c", 1, 20, 1), opaque_request("d", 1, 130, 5)},
            setup);
  // a waits 0 s, b 30 s, c in vain, d 10 s.
  CHECK(value_of(metrics, "waiting_s.mean") == Approx(40.0 / 3).epsilon(1e-8));
  CHECK(value_of(metrics, "waiting_s.p50") == Approx(10.0).epsilon(0.001));
  CHECK(value_of(metrics, "waiting_s.max") == 30.0);
  CHECK(value_of(metrics, "unserved_rate") == 25.0);
  CHECK(value_of(metrics, "outcome.rejected/no_capacity") == 25.0);
  CHECK(metrics.count(Outcome::rejected_no_capacity) == 1);
}

TEST_CASE("completion times are of tasks that ran to their end") {
  World world(cluster_of({{"L4", 1}}));
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  setup.simulation.waiting_limit = std::chrono::seconds(50);
  setup.simulation.until = at(200);
  (void)run(world, "first-fit",
            {opaque_request("a", 1, 5, 40), opaque_request("b", 1, 10, 100),
             opaque_request("c", 1, 20, 1), opaque_request("d", 1, 190, 50)},
            setup);
  // a: 5 to 45, b: 10 to 145; c waits in vain, d is cut off.
  CHECK(value_of(metrics, "jct_s.mean") == (40.0 + 135.0) / 2);
  CHECK(value_of(metrics, "makespan_s") == 140.0);
  CHECK(value_of(metrics, "outcome.placed") == 75.0);
}

TEST_CASE("completion times are of tasks that arrive in the window, and never of deployments") {
  World world(cluster_of({{"L4", 2}}));
  Metrics metrics(world.spec, world.plans, {at(10), at(20)});
  RunSetup setup;
  setup.observers = {&metrics};
  (void)run(world, "first-fit",
            {opaque_request("before", 1, 0, 500), opaque_request("in", 1, 15, 100),
             opaque_request("after", 1, 20, 900)},
            setup);
  CHECK(value_of(metrics, "jct_s.mean") == 100.0);
  CHECK(value_of(metrics, "makespan_s") == 100.0);

  World serving(cluster_of({{"L4", 1}}));
  Metrics deployments(serving.spec, serving.plans, {});
  setup.observers = {&deployments};
  (void)run(serving, "fallback-search", {llm_request("served", "qwen3-4b")}, setup);
  CHECK(value_of(deployments, "outcome.placed") == 100.0);
  CHECK(value_of(deployments, "jct_s.mean") == 0.0);
  CHECK(value_of(deployments, "makespan_s") == 0.0);
}

TEST_CASE("only requests that arrive in the window count, and only time in it") {
  World world(cluster_of({{"L4", 2}}));
  Metrics metrics(world.spec, world.plans, {at(100), at(200)});
  RunSetup setup;
  setup.observers = {&metrics};
  (void)run(world, "first-fit",
            {opaque_request("before", 1, 99, 51), opaque_request("first", 1, 100, 50),
             opaque_request("last", 2, 199, 1000), opaque_request("after", 1, 200, 10)},
            setup);
  CHECK(value_of(metrics, "submitted") == 2.0);  // from is in, to is out
  CHECK(value_of(metrics, "unserved_rate") == 0.0);
  // In the window: 50 s of 'before', 50 s of 'first', 1 s of 'last' on 2 GPUs; of 2 GPUs x 100 s.
  CHECK(value_of(metrics, "useful_gpu_hours") == Approx(102.0 / 3600));
  CHECK(value_of(metrics, "allocation") == Approx(51.0));
}

TEST_CASE("GPU time of refused starts is lost, loading is neither lost nor useful") {
  World world(cluster_of({{"RTX-3090", 4}}));
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  setup.simulation.on_refusal = OnRefusal::give_up;
  (void)run(
      world, "naive",
      {llm_request("refused", "gemma-3-27b-it", 0), llm_request("served", "qwen3-4b", 100, 360)},
      setup);
  CHECK(value_of(metrics, "lost_gpu_hours") == Approx(3 * 15 / 3600.0));
  CHECK(value_of(metrics, "useful_gpu_hours") == Approx(0.1));
  CHECK(value_of(metrics, "failed_starts") == 1.0);
  CHECK(value_of(metrics, "unserved_rate") == 50.0);
  CHECK(metrics.refused_by_rule() == std::map<std::string, std::uint64_t>{{"vllm.heads", 1}});
}

TEST_CASE("parallel efficiency compares with the best valid plan on the same type, by GPU time") {
  World world(cluster_of({{"A100-80GB", 4}, {"A100-80GB", 1, 2}}),
              require_value(make_engine("vllm", {})), std::make_unique<TenthOff>());
  // qwen3-8b on TP 1 is the best there is; on TP 2 it does 900 of 1,000, on TP 4 700.
  FunctionPlacer told([](const PlacementRequest& request, const Cluster& cluster) -> Decision {
    const auto tp = request.shape.shape.llm().limits.sequences == 2 ? 2 : 1;
    RoomSearch search(cluster, request.shape);
    return Place{{GpuTypeId{0}, {tp, 1}, {*search.on_one_node(GpuTypeId{0}, tp)}}, "told"};
  });
  Request two = llm_request("two", "qwen3-8b", 0, 3600);
  llm_of(two).limits.sequences = 2;
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  (void)run(world, told, {two, llm_request("one", "qwen3-8b", 0, 3600)}, setup);
  // 2 GPU-hours at 0.9 and 1 at 1.0.
  CHECK(value_of(metrics, "useful_gpu_hours") == Approx(3.0));
  CHECK(value_of(metrics, "parallel_efficiency") == Approx(100 * 2.8 / 3).epsilon(1e-6));
}

TEST_CASE("groups are complete when all their requests were served, partial when only some were") {
  World world(cluster_of({{"L4", 2}}));
  const auto member = [](const std::string& group, int i, int of, std::int64_t arrival) {
    Request request = opaque_request(group + std::to_string(i), 1, arrival, 10'000);
    request.group = group;
    request.group_size = of;
    return request;
  };
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  (void)run(world, "first-fit",
            {member("half", 1, 3, 0), member("half", 2, 3, 0), member("half", 3, 3, 0),
             member("none", 1, 2, 1), member("none", 2, 2, 1), member("all", 1, 2, 20'000),
             member("all", 2, 2, 20'000), member("alone", 1, 1, 40'000)},
            setup);
  CHECK(value_of(metrics, "groups_complete") == 2.0);  // all, alone
  CHECK(value_of(metrics, "groups_partial") == 1.0);   // half
  CHECK(value_of(metrics, "unserved_rate") == Approx(100.0 * 3 / 8));
}

TEST_CASE("a run without requests has figures of zero") {
  World world(cluster_of({{"L4", 2}}));
  Metrics metrics(world.spec, world.plans, {});
  RunSetup setup;
  setup.observers = {&metrics};
  (void)run(world, "first-fit", {}, setup);
  for (const MetricValue& value : metrics.values()) {
    INFO(value.key);
    CHECK(value.value == 0.0);
  }
}

TEST_CASE("the outcome log tells which requests arrived in the window") {
  World world(cluster_of({{"L4", 1}}));
  OutcomeLog log({at(10), at(20)});
  RunSetup setup;
  setup.observers = {&log};
  (void)run(
      world, "first-fit",
      {opaque_request("a", 1, 9, 1), opaque_request("b", 1, 10, 1), opaque_request("c", 1, 20, 1)},
      setup);
  REQUIRE(log.entries().size() == 3);
  CHECK_FALSE(log.entries()[0].measured);
  CHECK(log.entries()[1].measured);
  CHECK_FALSE(log.entries()[2].measured);
}

TEST_CASE("outcomes are logged by request with the rule that refused") {
  World world(cluster_of({{"RTX-3090", 4}}));
  OutcomeLog log;
  RunSetup setup;
  setup.observers = {&log};
  setup.simulation.on_refusal = OnRefusal::give_up;
  (void)run(world, "naive",
            {opaque_request("task", 1, 0, 10), llm_request("gemma", "gemma-3-27b-it", 20),
             opaque_request("large", 5, 50, 1)},
            setup);
  REQUIRE(log.entries().size() == 3);
  CHECK(log.text(log.entries()[0]) == "placed");
  CHECK(log.text(log.entries()[1]) == "refused_by_engine: vllm.heads");
  CHECK(log.text(log.entries()[2]) == "rejected/incompatible");
}
