// Start-up times, and what becomes of placements that the engine refuses.

#include "sim/observe/metrics.hpp"
#include "tests/fixtures.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;

namespace {

const std::string kGemma = "gemma-3-27b-it";

RunSetup on_refusal(OnRefusal what) {
  RunSetup setup;
  setup.simulation.on_refusal = what;
  return setup;
}

std::int64_t count_of(const Recorder& recorder, const std::string& part) {
  return std::count_if(recorder.lines.begin(), recorder.lines.end(), [&](const std::string& line) {
    return line.find(part) != std::string::npos;
  });
}

/// Places LLM deployments on the first node as this function says.
FunctionPlacer on_first_node(const std::function<ParallelPlan(const PlacementRequest&)>& plan_of) {
  return FunctionPlacer([=](const PlacementRequest& request, const Cluster& cluster) -> Decision {
    const bool llm = request.shape.shape.kind() == RequestKind::llm;
    const ParallelPlan plan = llm ? plan_of(request) : ParallelPlan{};
    const int gpus = llm ? plan.gpus() : request.shape.shape.opaque().gpus;
    RoomSearch search(cluster, request.shape);
    auto part = search.on_one_node(request.shape.allowed.front(), gpus);
    if (!part) return NotNow{"no_room"};
    return Place{{request.shape.allowed.front(), plan, {*part}}, "as told"};
  });
}

}  // namespace

TEST_CASE("start-up takes the weight bytes over the storage bandwidth") {
  World world(cluster_of({{"A100-80GB", 1}}));
  Request request = llm_request("a", "meta-llama-3.1-8b", 0, 100);
  const Bytes weights = weight_bytes(*llm_of(request).model);
  REQUIRE(weights == 16'060'522'496);
  const auto recorder = run(world, "fallback-search", {request});
  // 2 GB/s: 8.030261248 s; then it serves for its lifetime.
  CHECK(recorder.lines[2] == "8.030261248 ready a");
  CHECK(recorder.end == SimTime(Duration(108'030'261'248)));
  CHECK(seconds_text(recorder.outcomes.at("a").waited) == "0");
}

TEST_CASE("the storage bandwidth of the node goes before the default") {
  World world(cluster_of({{"A100-80GB", 1, 1, kNotCounted, kNotCounted, 0, 16'060'522'496}}));
  const auto recorder = run(world, "fallback-search", {llm_request("a", "meta-llama-3.1-8b")});
  CHECK(recorder.lines[2] == "1 ready a");
}

TEST_CASE("several nodes read their parts of the weights at once, the slowest decides") {
  constexpr std::int64_t kFast = 16'060'522'496;
  World world(cluster_of({{"L4", 1, 1, kNotCounted, kNotCounted, 0, kFast},
                          {"L4", 1, 1, kNotCounted, kNotCounted, 0, kFast / 4}}));
  FunctionPlacer both([](const PlacementRequest& request, const Cluster& cluster) -> Decision {
    RoomSearch search(cluster, request.shape);
    return Place{{GpuTypeId{0}, {1, 2}, *search.for_groups(GpuTypeId{0}, {1, 2})}, "both"};
  });
  const auto recorder = run(world, both, {llm_request("a", "meta-llama-3.1-8b")});
  // Half of the weights at a quarter of the bandwidth: 2 s; the other half takes 0.5 s.
  CHECK(recorder.lines[1] == "0 placed a: TP 1 x PP 2 on n0[0]+n1[0]");
  CHECK(recorder.lines[2] == "2 ready a");
}

TEST_CASE("a refused deployment is restarted in place ten times and holds its GPUs") {
  World world(cluster_of({{"RTX-3090", 4}}));
  RunSetup setup;
  Metrics metrics(world.spec, world.plans, {});
  setup.observers = {&metrics};
  const auto recorder = run(world, "naive", {llm_request("gemma", kGemma)}, setup);
  CHECK(recorder.ending("gemma") == "refused_by_engine: vllm.heads");
  CHECK(recorder.outcomes.at("gemma").attempts == 10);
  CHECK(recorder.placements.at("gemma").size() == 1);
  // Ten checks of 15 s; 10, 20, 40, 80, 160 and four times 300 s between them.
  CHECK(recorder.lines ==
        std::vector<std::string>{"0 arrives gemma", "0 placed gemma: TP 3 x PP 1 on n0[0,1,2]",
                                 "15 refused gemma: vllm.heads", "40 refused gemma: vllm.heads",
                                 "75 refused gemma: vllm.heads", "130 refused gemma: vllm.heads",
                                 "225 refused gemma: vllm.heads", "400 refused gemma: vllm.heads",
                                 "715 refused gemma: vllm.heads", "1030 refused gemma: vllm.heads",
                                 "1345 refused gemma: vllm.heads", "1660 refused gemma: vllm.heads",
                                 "1660 released gemma", "1660 finished gemma: refused_by_engine"});
  CHECK(duration_text(*recorder.end - SimTime{}) == "27 min 40 s");
  for (const MetricValue& value : metrics.values()) {
    if (value.key == "lost_gpu_hours") CHECK(value.value == Approx(3 * 1660 / 3600.0));
    if (value.key == "failed_starts") CHECK(value.value == 10.0);
    if (value.key == "allocation") CHECK(value.value == Approx(75.0));
  }
}

TEST_CASE("to give up is to give the GPUs back after the first refusal") {
  World world(cluster_of({{"RTX-3090", 4}}));
  const auto recorder =
      run(world, "naive", {llm_request("gemma", kGemma)}, on_refusal(OnRefusal::give_up));
  CHECK(recorder.ending("gemma") == "refused_by_engine: vllm.heads");
  CHECK(recorder.outcomes.at("gemma").attempts == 1);
  CHECK(recorder.end == at(15));
}

TEST_CASE("to replan is to tell the placer the rule and ask again") {
  World world(cluster_of({{"RTX-3090", 4}}));
  std::vector<std::vector<std::string>> told;
  FunctionPlacer learns = on_first_node([&](const PlacementRequest& request) {
    told.push_back(request.refused_by);
    return request.refused_by.empty() ? ParallelPlan{3, 1} : ParallelPlan{4, 1};
  });
  const auto recorder =
      run(world, learns, {llm_request("gemma", kGemma)}, on_refusal(OnRefusal::replan));
  CHECK(told == std::vector<std::vector<std::string>>{{}, {"vllm.heads"}});
  CHECK(recorder.ending("gemma") == "placed");
  CHECK(recorder.outcomes.at("gemma").attempts == 2);
  CHECK(seconds_text(recorder.outcomes.at("gemma").waited) == "15");
  CHECK(count_of(recorder, "released gemma") == 2);
}

TEST_CASE("a placer that never learns is refused at the last attempt of a replan") {
  World world(cluster_of({{"RTX-3090", 4}}));
  const auto recorder =
      run(world, "naive", {llm_request("gemma", kGemma)}, on_refusal(OnRefusal::replan));
  CHECK(recorder.ending("gemma") == "refused_by_engine: vllm.heads");
  CHECK(recorder.outcomes.at("gemma").attempts == 10);
  CHECK(recorder.end == at(150));
  CHECK(count_of(recorder, "placed gemma") == 10);
}

TEST_CASE("a request that is replanned after its waiting limit is tried once more") {
  World world(cluster_of({{"RTX-3090", 4}}));
  RunSetup setup = on_refusal(OnRefusal::replan);
  setup.simulation.waiting_limit = std::chrono::seconds(10);
  FunctionPlacer learns = on_first_node([](const PlacementRequest& request) {
    return request.refused_by.empty() ? ParallelPlan{3, 1} : ParallelPlan{4, 1};
  });
  CHECK(run(world, learns, {llm_request("gemma", kGemma)}, setup).ending("gemma") == "placed");

  // Where the others have been taken meanwhile, that try is its last.
  const auto taken =
      run(world, learns, {llm_request("gemma", kGemma), opaque_request("task", 1, 1, 1000)}, setup);
  // Three stages would have had room on the three GPUs that are left.
  CHECK(taken.ending("gemma") == "rejected/policy_missed: no_room (timeout)");
  CHECK(taken.outcomes.at("gemma").attempts == 1);
}

TEST_CASE("what was refused makes room for others at the same instant") {
  World world(cluster_of({{"RTX-3090", 3}}));
  const auto recorder =
      run(world, "naive", {llm_request("gemma", kGemma), opaque_request("task", 3, 1, 10)},
          on_refusal(OnRefusal::give_up));
  CHECK(recorder.ending("task") == "placed");
  CHECK(seconds_text(recorder.outcomes.at("task").waited) == "14");
}

TEST_CASE("a refusal while the model is built takes thirty seconds") {
  World world(cluster_of({{"RTX-3090", 8}}));
  // qwen2.5-0.5b: 14 heads split over 7, 2 KV heads cannot be copied evenly to 7.
  FunctionPlacer seven = on_first_node([](const PlacementRequest&) { return ParallelPlan{7, 1}; });
  const auto recorder =
      run(world, seven, {llm_request("a", "qwen2.5-0.5b")}, on_refusal(OnRefusal::give_up));
  CHECK(recorder.ending("a") == "refused_by_engine: vllm.kv-heads");
  CHECK(recorder.end == at(30));
}

TEST_CASE("a refusal for memory comes thirty seconds after the weights are loaded") {
  World world(cluster_of({{"RTX-3090", 1, 1, kNotCounted, kNotCounted, 0, 16'060'522'496}}));
  FunctionPlacer one = on_first_node([](const PlacementRequest&) { return ParallelPlan{1, 1}; });
  Request request = llm_request("a", "meta-llama-3.1-8b");
  llm_of(request).limits.utilisation_ppm = 600'000;
  const auto recorder = run(world, one, {request}, on_refusal(OnRefusal::give_up));
  CHECK(recorder.ending("a") == "refused_by_engine: vllm.no-cache-memory");
  CHECK(recorder.end == at(31));
}

TEST_CASE(
    "a refused deployment at the end of the run counts as refused, whatever was left to try") {
  World world(cluster_of({{"RTX-3090", 4}}));
  RunSetup setup;
  setup.simulation.until = at(100);
  const auto recorder = run(world, "naive", {llm_request("gemma", kGemma)}, setup);
  CHECK(recorder.ending("gemma") == "refused_by_engine: vllm.heads");
  CHECK(recorder.outcomes.at("gemma").attempts == 3);  // at 0, 25 and 60 s
}

TEST_CASE("times of a failed start and of back-off are options") {
  World world(cluster_of({{"RTX-3090", 4}}));
  RunSetup setup;
  StartupModel& startup = setup.simulation.startup;
  startup.configuration_check = std::chrono::seconds(1);
  startup.backoff_first = std::chrono::seconds(3);
  startup.backoff_most = std::chrono::seconds(10);
  startup.attempts = 5;
  const auto recorder = run(world, "naive", {llm_request("gemma", kGemma)}, setup);
  CHECK(recorder.outcomes.at("gemma").attempts == 5);
  CHECK(recorder.end == at(5 * 1 + 3 + 6 + 10 + 10));
}
