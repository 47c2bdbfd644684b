// Which plans there are for a request, in which order, and what the limits leave out.

#include "tests/fixtures.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

using namespace headroom;
using namespace headroom::test;

namespace {

std::vector<std::string> plans_of(World& world, const Request& request) {
  std::vector<std::string> out;
  for (const RankedPlan& plan : world.plans.plans(world.intern(request))) {
    out.push_back(
        fmt::format("{}x{}{}", plan.plan.tp, plan.plan.pp, plan.one_node ? "" : " apart"));
  }
  return out;
}

bool has_plan(const std::vector<std::string>& plans, const std::string& plan) {
  return std::find(plans.begin(), plans.end(), plan) != plans.end();
}

}  // namespace

TEST_CASE("valid plans of gemma-3-27b on four 24 GiB cards are TP 4 and three or four stages") {
  World world(cluster_of({{"RTX-3090", 4}}));
  auto plans = plans_of(world, llm_request("a", "gemma-3-27b-it"));
  std::sort(plans.begin(), plans.end());
  CHECK(plans == std::vector<std::string>{"1x3", "1x4", "2x2", "4x1"});
}

TEST_CASE("plans are ranked by worth, then one node, fewer GPUs, fewer stages and type") {
  World world(cluster_of({{"RTX-3090", 4, 2}, {"A100-80GB", 8}}));
  const Request request = llm_request("a", "meta-llama-3.1-8b");
  const auto& plans = world.plans.plans(world.intern(request));
  REQUIRE(plans.size() > 10);
  const auto key = [](const RankedPlan& p) {
    return std::tuple(-p.worth, !p.one_node, p.plan.gpus(), p.plan.pp, p.gpu);
  };
  for (std::size_t i = 1; i < plans.size(); ++i) CHECK(key(plans[i - 1]) < key(plans[i]));
  for (const RankedPlan& plan : plans) {
    const LlmDeployment& llm = request.shape.llm();
    const GpuType& gpu = world.spec.gpu_types[index(plan.gpu)];
    const ServingLimits limits =
        limits_at_load(*world.engine, *llm.model, plan.plan, gpu, llm.limits);
    const CostQuery query{*llm.model, limits, gpu, plan.plan, plain_links(gpu, plan.one_node)};
    CHECK(plan.over.least == 0);
    CHECK(plan.worth == world.cost->worth(query));
    CHECK(plan.per_gpu == world.cost->per_gpu(query));
  }
}

TEST_CASE("every plan is one that the engine accepts, on a type and in a size that is allowed") {
  World world(cluster_of({{"RTX-3090", 4, 4}, {"L4", 2, 8}, {"A100-80GB", 8, 2}}));
  for (const Model& model : model_catalogue()) {
    Request request = llm_request("a", model.name);
    llm_of(request).allowed_tp = {1, 2, 8};
    request.shape.allowed_gpus = {"A100-80GB", "L4"};
    for (const RankedPlan& plan : world.plans.plans(world.intern(request))) {
      INFO(model.name << " TP " << plan.plan.tp << " x PP " << plan.plan.pp);
      const GpuType& gpu = world.spec.gpu_types[index(plan.gpu)];
      CHECK(gpu.name != "RTX-3090");
      CHECK(plan.plan.tp != 4);
      CHECK(plan.plan.tp <= world.spec.largest_node(plan.gpu));
      CHECK(world.engine->check(model, plan.plan, gpu, {}).accepted);
    }
  }
}

TEST_CASE("plans end at sixteen stages and sixty-four GPUs") {
  World world(cluster_of({{"A100-80GB", 8, 40}}));
  Request request = llm_request("a", "meta-llama-3.1-405b");
  const auto plans = plans_of(world, request);
  CHECK(has_plan(plans, "8x8 apart"));
  CHECK_FALSE(has_plan(plans, "8x9 apart"));
  CHECK(has_plan(plans, "4x16 apart"));
  CHECK(has_plan(plans, "1x16 apart"));
  CHECK_FALSE(has_plan(plans, "1x17 apart"));
}

TEST_CASE("a plan of more GPUs than there are is none") {
  World world(cluster_of({{"RTX-3090", 2, 2}}));
  const auto plans = plans_of(world, llm_request("a", "qwen3-4b"));
  CHECK(has_plan(plans, "2x2 apart"));
  CHECK(has_plan(plans, "1x4 apart"));
  CHECK_FALSE(has_plan(plans, "1x4"));  // no node is so large
  CHECK_FALSE(has_plan(plans, "1x5 apart"));
}

TEST_CASE("the plan space of a shape is worked out once, whatever its CPU and RAM") {
  World world(cluster_of({{"RTX-3090", 4}}));
  Request request = llm_request("a", "qwen3-4b");
  const auto* plans = &world.plans.plans(world.intern(request));
  request.shape.cpu_milli = 5;
  request.shape.ram = 7;
  CHECK(&world.plans.plans(world.intern(request)) == plans);
  llm_of(request).limits.context = 1024;
  CHECK(&world.plans.plans(world.intern(request)) != plans);
}

TEST_CASE("the best efficiency of a type is that of its best plan, zero where it has none") {
  World world(cluster_of({{"RTX-3090", 4}, {"T4", 1}}));
  const InternedShape& shape = world.intern(llm_request("a", "gemma-3-27b-it"));
  std::int64_t best = 0;
  for (const RankedPlan& plan : world.plans.plans(shape)) best = std::max(best, plan.per_gpu);
  CHECK(best > 0);
  CHECK(world.plans.best_per_gpu(shape, GpuTypeId{0}) == best);
  CHECK(world.plans.best_per_gpu(shape, GpuTypeId{1}) == 0);
}

TEST_CASE("an opaque task as large as a node or smaller stays on one") {
  World world(cluster_of({{"L4", 4, 2}, {"T4", 2, 4}}));
  const auto nodes_of = [&](int gpus, const std::string& type) {
    Request task = opaque_request("t", gpus);
    task.shape.allowed_gpus = {type};
    const auto layout = world.plans.find_any_room(world.cluster, world.intern(task));
    int nodes = 0;
    if (layout) {
      for (const auto& part : layout->parts) nodes += part.nodes;
    }
    return nodes;
  };
  CHECK(nodes_of(4, "L4") == 1);
  CHECK(nodes_of(5, "L4") == 2);
  CHECK(nodes_of(8, "L4") == 2);
  CHECK(nodes_of(9, "L4") == 0);
  CHECK(nodes_of(7, "T4") == 4);
  for (std::uint32_t node = 0; node < 2; ++node) {
    const NodeHolding taken{static_cast<NodeId>(node), {0}, {kWholeGpu, kGiB}};
    world.cluster.take(std::span(&taken, 1));
  }
  CHECK(nodes_of(4, "L4") == 0);  // six are free, but no node has four
  CHECK(nodes_of(6, "L4") == 2);
}

TEST_CASE("equal shapes are interned once and types are resolved against the cluster") {
  World world(cluster_of({{"L4", 1}, {"T4", 1}}));
  Request request = llm_request("a", "qwen3-4b");
  const InternedShape& any = world.intern(request);
  CHECK(&world.intern(llm_request("b", "qwen3-4b", 10)) == &any);
  CHECK(any.allowed == std::vector<GpuTypeId>{GpuTypeId{0}, GpuTypeId{1}});
  request.shape.allowed_gpus = {"H100-80GB", "T4"};
  const InternedShape& some = world.intern(request);
  CHECK(some.allowed == std::vector<GpuTypeId>{GpuTypeId{1}});
  CHECK_FALSE(some.id == any.id);
  CHECK(any.gpu_shape == any.id);
  request.shape.cpu_milli = 1;
  CHECK(world.intern(request).gpu_shape == some.id);
  CHECK_FALSE(world.intern(opaque_request("o", 1)).id == world.intern(opaque_request("o", 2)).id);
}
