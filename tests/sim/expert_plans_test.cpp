// Replicas and expert parallelism in the plan space.

#include "tests/fixtures.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;

namespace {

bool has_plan(World& world, const Request& request, ParallelPlan plan, bool one_node) {
  const auto& plans = world.plans.plans(world.intern(request));
  return std::any_of(plans.begin(), plans.end(), [&](const RankedPlan& ranked) {
    return ranked.plan == plan && ranked.one_node == one_node;
  });
}

}  // namespace

TEST_CASE("models with routed experts have plans with replicas, others have none") {
  World world(cluster_of({{"A100-80GB", 8, 2}}));
  const Request experts = llm_request("a", "qwen3-30b-a3b");
  CHECK(has_plan(world, experts, {1, 1, 8, true}, true));
  CHECK(has_plan(world, experts, {2, 1, 4, false}, true));
  CHECK(has_plan(world, experts, {1, 1, 16, true}, false));
  CHECK_FALSE(has_plan(world, experts, {1, 1, 16, true}, true));
  CHECK(has_plan(world, experts, {8, 1, 1, true}, true));
  CHECK_FALSE(has_plan(world, experts, {1, 1, 1, true}, true));  // nothing to spread over
  for (const RankedPlan& plan : world.plans.plans(world.intern(llm_request("b", "qwen3-8b")))) {
    CHECK(plan.plan.dp == 1);
    CHECK_FALSE(plan.plan.ep);
  }
}

TEST_CASE("replicas lie on several nodes, each group inside one") {
  World world(cluster_of({{"A100-80GB", 2, 4}}));
  Request request = llm_request("a", "qwen3-30b-a3b");
  llm_of(request).allowed_tp = {2};
  const InternedShape& shape = world.intern(request);
  const auto& plans = world.plans.plans(shape);
  const auto plan = std::find_if(plans.begin(), plans.end(), [](const RankedPlan& ranked) {
    return ranked.plan == ParallelPlan{2, 1, 4, true};
  });
  REQUIRE(plan != plans.end());
  RoomSearch search(world.cluster, shape);
  const auto layout = PlanSpace::find_room(search, *plan);
  REQUIRE(layout);
  const auto holdings = world.take(request, *layout);
  CHECK(holdings.size() == 4);
  CHECK(world.cluster.idle_gpus() == 0);
}

TEST_CASE("replicas pay for the exchange of their tokens, and pipelines without them do not") {
  const auto cost = make_roofline();
  const GpuType gpu = own_gpu("g", 80 * kGiB);
  const auto known = require_value(find_model("qwen3-30b-a3b"));
  const Model& model = *known;
  const ServingLimits limits;
  const auto rate = [&](ParallelPlan plan, std::int64_t between) {
    const GroupLinks links{own_link(gpu), {between, Transport::network}};
    return cost->milli_tokens_per_s({model, limits, gpu, plan, links});
  };
  CHECK(rate({1, 1, 4}, 100'000'000'000) > rate({1, 1, 4}, 1'000'000'000));
  CHECK(rate({4, 1, 1}, 100'000'000'000) == rate({4, 1, 1}, 1'000'000'000));
}

TEST_CASE("a vision tower that is not cut has no sizes that must divide") {
  World world(cluster_of({{"A100-80GB", 4}}));
  // A tower of 25 heads does not split in two.
  Model model = *require_value(find_model("qwen2.5-vl-7b-instruct"));
  model.vision->heads = 25;
  REQUIRE(model.vision->data_parallel);
  Request request = llm_request("a", "qwen2.5-vl-7b-instruct");
  llm_of(request).model = std::make_shared<const Model>(model);
  CHECK_FALSE(has_plan(world, request, {2, 1}, true));
  llm_of(request).limits.encoder_data_parallel = true;
  CHECK(has_plan(world, request, {2, 1}, true));
}
