// Layers of pipeline stages by choice.

#include "sim/engine/balanced_stages.hpp"

#include "tests/fixtures.hpp"

#include <numeric>

using namespace headroom;
using namespace headroom::test;

namespace {

// Ten units a stage; four of the first are taken, and two of the last. A layer takes a unit, and
// one more for each sequence.
std::int64_t holds(const StageLayers& held) {
  const std::int64_t constant = held.index == 0 ? 4 : held.index == held.stages - 1 ? 2 : 0;
  return std::max<std::int64_t>(0, 10 - constant - held.layers) / held.layers;
}

using Shares = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("layers go where there is memory for them") {
  // One sequence: at most 3, 5 and 4 layers.
  CHECK(balance_stages(12, 3, 1, holds) == Shares{3, 5, 4});
  CHECK(balance_stages(11, 3, 1, holds) == Shares{3, 4, 4});  // the most even of several
  CHECK(balance_stages(13, 3, 1, holds) == std::nullopt);
  // Two sequences: at most 2, 3 and 2.
  CHECK(balance_stages(7, 3, 8, holds) == Shares{2, 3, 2});
  CHECK(balance_stages(7, 3, 1, holds) == Shares{3, 3, 1});  // no more was asked for
  CHECK(balance_stages(3, 3, 8, holds) == Shares{1, 1, 1});
}

TEST_CASE("stages with the embedding and the vision tower get fewer layers where memory is short") {
  World world(cluster_of({{"small", 3}}, {own_gpu("small", 22 * kGiB + kGiB / 2)}));
  const auto known = require_value(find_model("gemma-3-27b-it"));
  const Model& model = *known;
  const GpuType& gpu = world.spec.gpu_types[0];
  CHECK_FALSE(world.engine->check(model, {1, 3}, gpu, {}).accepted);
  const EngineVerdict verdict = world.engine->check(model, {1, 3, 1, false, true}, gpu, {});
  REQUIRE(verdict.accepted);
  REQUIRE(verdict.stages.size() == 3);
  std::int64_t layers = 0;
  for (const StageMemory& stage : verdict.stages) {
    layers += stage.layers;
    CHECK(stage.kv_available >= stage.kv_per_sequence);
  }
  CHECK(layers == model.text.layers());
  CHECK(verdict.stages[1].layers > verdict.stages[0].layers);

  const Request request = llm_request("a", "gemma-3-27b-it");
  const auto layout = world.plans.find_any_room(world.cluster, world.intern(request));
  REQUIRE(layout);
  CHECK(layout->plan == ParallelPlan{1, 3, 1, false, true});
  const Start start{layout->plan, {}, 1, 1, {19, 23, 20}};
  CHECK(
      world.engine->command(model, start).rfind("VLLM_PP_LAYER_PARTITION=19,23,20 vllm serve", 0) ==
      0);
}

TEST_CASE("a run starts a plan with balanced layers") {
  World world(cluster_of({{"small", 3}}, {own_gpu("small", 22 * kGiB + kGiB / 2)}));
  const Recorder record = run(world, "fallback-search", {llm_request("a", "gemma-3-27b-it")});
  CHECK(record.outcome("a") == "placed");
}
