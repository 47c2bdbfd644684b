#include "policies/registry.hpp"
#include "sim/cost/cost_model.hpp"
#include "tests/policies/decision.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

// A model is named with the U that GPUStack starts vLLM with by itself.
Request request_of(std::string_view model, double utilisation = 0.9) {
  Request request = llm_request("a", model);
  llm_of(request).limits.utilisation_ppm = static_cast<std::int64_t>(utilisation * 1e6);
  return request;
}

const Place& placed(const Decision& decision) {
  const auto* place = std::get_if<Place>(&decision);
  REQUIRE(place != nullptr);
  return *place;
}

std::string ask(const ClusterSpec& cluster, const std::string& policy, const Request& request,
                std::string_view options = "") {
  World world(cluster);
  const auto placer = make_policy(world, policy, options);
  return decision(world, *placer, request);
}

}  // namespace

TEST_CASE("three versions of GPUStack and gemma-3 on four 24 GiB cards") {
  const ClusterSpec cards = cluster_of({{"RTX-3090", 4}});
  const Request gemma = request_of("gemma-3-27b-it");
  CHECK(ask(cards, "gpustack-0.4", gemma) == "TP 3 x PP 1 on n0[0,1,2]");
  CHECK(ask(cards, "gpustack-0.6", gemma) == "TP 3 x PP 1 on n0[0,1,2]");
  CHECK(ask(cards, "gpustack", gemma) == "TP 4 x PP 1 on n0[0,1,2,3]");
}

TEST_CASE("GPUStack 0.6 checks heads that stand at the root, 0.4 checks none") {
  const ClusterSpec cards = cluster_of({{"A40", 4}});
  const Request yi = request_of("yi-34b", 0.6);  // 56 heads; three cards of 28.8 GiB
  CHECK(ask(cards, "gpustack-0.4", yi) == "TP 3 x PP 1 on n0[0,1,2]");
  CHECK(ask(cards, "gpustack-0.6", yi) == "TP 4 x PP 1 on n0[0,1,2,3]");
}

TEST_CASE("before today a claim was compared with all that is free of one card") {
  const ClusterSpec cards = cluster_of({{"RTX-3090", 2}});
  const Request small = request_of("qwen3-8b", 0.5);  // claims 20.3 GiB; U leaves it 12
  CHECK(ask(cards, "gpustack-0.6", small) == "TP 1 x PP 1 on n0[0]");
  CHECK(ask(cards, "gpustack", small) == "TP 2 x PP 1 on n0[0,1]");
}

TEST_CASE("GPUStack 0.4 never joins workers, later ones join whole ones") {
  const ClusterSpec two = cluster_of({{"RTX-3090", 2, 2}});
  const Request gemma = request_of("gemma-3-27b-it");
  CHECK(ask(two, "gpustack-0.4", gemma) == "never: one_worker");
  CHECK(ask(two, "gpustack-0.6", gemma) == "TP 2 x PP 2 on n0[0,1]+n1[0,1]");
  CHECK(ask(two, "gpustack", gemma) == "TP 2 x PP 2 on n0[0,1]+n1[0,1]");
  CHECK(ask(two, "gpustack", gemma, "distributed = false") == "never: one_worker");
}

TEST_CASE("GPUStack charges a share of the card, whatever the model needs, and may share it") {
  World world(cluster_of({{"RTX-3090", 1}}));
  const auto placer = make_policy(world, "gpustack");
  const Request half = request_of("qwen2.5-0.5b", 0.5);
  const Decision first = world.ask(*placer, half);
  const PlacementPart& part = placed(first).layout.parts.front();
  CHECK(part.charge == 12 * kGiB);
  const auto holdings = world.take(half, placed(first).layout);
  CHECK(holdings.front().per_gpu == GpuHolding{500, 12 * kGiB});
  CHECK(decision(world, *placer, half) == "TP 1 x PP 1 on n0[0]");
  world.take(half, placed(world.ask(*placer, half)).layout);
  CHECK(decision(world, *placer, half).starts_with("not now"));
}

TEST_CASE("GPUStack takes U from its parameters before the request's") {
  World world(cluster_of({{"RTX-3090", 1}}));
  const auto placer =
      make_policy(world, "gpustack", "parameters = ['--gpu-memory-utilization=0.25']");
  const Decision decision = world.ask(*placer, request_of("qwen2.5-0.5b"));
  CHECK(placed(decision).layout.parts.front().charge == 6 * kGiB);
  CHECK(placed(decision).layout.utilisation_ppm == 250'000);
  const auto plain = make_policy(world, "gpustack");
  const Decision usual = world.ask(*plain, request_of("qwen2.5-0.5b"));
  CHECK_FALSE(placed(usual).layout.utilisation_ppm.has_value());
}

TEST_CASE("the engine is started with the U of GPUStack's parameters") {
  World world(cluster_of({{"RTX-3090", 1}}));
  // 6.4 GiB of weights and a cache of 14 GiB for 131,072 tokens: not in 0.45 of the card.
  Request request = request_of("llama-3.2-3b", 0.92);
  llm_of(request).limits.context = 131'072;
  llm_of(request).limits.sequences = 1;
  const auto ending = [&](std::string_view options) {
    const auto placer = make_policy(world, "gpustack", options);
    return run(world, *placer, {request}).ending("a");
  };
  CHECK(ending("") == "placed");
  CHECK(ending("parameters = ['--gpu-memory-utilization=0.45']") ==
        "refused_by_engine: vllm.max-length");
  CHECK(ending("parameters = ['--gpu-memory-utilization=0.95']") == "placed");
}

TEST_CASE("stages alone are no number of GPUs for GPUStack before today") {
  const ClusterSpec cards = cluster_of({{"RTX-3090", 8}});
  const std::string stages = "parameters = ['--pipeline-parallel-size=2']";
  // Three cards hold the claim, of which the two stages that the user asked for use two.
  for (const std::string policy : {"gpustack-0.4", "gpustack-0.6"}) {
    CHECK(ask(cards, policy, request_of("gemma-3-27b-it"), stages) ==
          "not now: sizes_leave_gpus_out");
  }
  const std::string both = "parameters = ['-tp=2', '-pp=2']";
  CHECK(ask(cards, "gpustack-0.4", request_of("gemma-3-27b-it"), both) ==
        "TP 2 x PP 2 on n0[0,1,2,3]");
}

TEST_CASE("spread goes to the emptiest node, binpack to the first of equal scores") {
  for (const auto& [strategy, where] :
       {std::pair{"spread", "n1[0]"}, std::pair{"binpack", "n0[1]"}}) {
    World world(cluster_of({{"RTX-3090", 2, 2}}));
    occupy(world, 0, {0});
    const auto placer =
        make_policy(world, "gpustack", "strategy = '" + std::string(strategy) + "'");
    CHECK(decision(world, *placer, request_of("qwen3-4b")) ==
          "TP 1 x PP 1 on " + std::string(where));
  }
}

TEST_CASE("of equal nodes GPUStack takes the one with the lowest id") {
  CHECK(ask(cluster_of({{"L4", 1, 5}}), "gpustack", request_of("qwen3-4b")) ==
        "TP 1 x PP 1 on n0[0]");
  World world(cluster_of({{"L4", 1}, {"RTX-3090", 1}, {"L4", 1}}));
  occupy(world, 0, {0});
  const auto placer = make_policy(world, "gpustack");
  CHECK(decision(world, *placer, request_of("qwen3-4b")) == "TP 1 x PP 1 on n1[0]");
}

TEST_CASE("what GPUStack finds no place for says why") {
  World world(cluster_of({{"RTX-3090", 3}}));
  const auto placer = make_policy(world, "gpustack");
  std::vector<PassedOver> log;
  const Decision decision = world.ask(*placer, request_of("gemma-3-27b-it"), &log);
  CHECK(std::get<Never>(decision).reason == "heads");
  REQUIRE(log.size() == 4);
  CHECK(log[0].what == "claim");
  CHECK(log[0].why.find("needs 63.3 GiB") != std::string::npos);
  CHECK(log[2].what == "heads");
  CHECK(log[2].why.find("32 attention heads do not split 3 ways") != std::string::npos);
  CHECK(log[3].what == "one_worker");
  for (const PassedOver& item : log) CHECK(item.rule == kTold);
}

TEST_CASE("GPUStack does not look at what it cannot lay out here") {
  ClusterSpec spec = cluster_of({{"A100-80GB", 1}});
  const auto small = require_value(spec.intern_gpu("RTX-3090", {}));
  NodeShape shape = spec.shapes.front();
  shape.gpus = {GpuTypeId{0}, small, small};
  spec.nodes.front().shape = spec.intern_shape(shape);
  CHECK(ask(spec, "gpustack", request_of("qwen3-32b")) == "not now: mixed_gpu_types");
  CHECK(ask(cluster_of({{"RTX-3090", 4, 2}}), "gpustack", request_of("qwen3-32b"),
            "parameters = ['--tensor-parallel-size=8']") == "not now: tp_over_nodes");
}

TEST_CASE("candidates that cannot be laid out keep their reason where another state has a place") {
  World world(cluster_of({{"A40", 2, 2}, {"A100-40GB", 2}}));
  const auto placer = make_policy(world, "gpustack");
  const Request llama = request_of("llama-2-70b");  // claims 156 GiB: two nodes
  CHECK(decision(world, *placer, llama) == "TP 2 x PP 2 on n0[0,1]+n1[0,1]");
  occupy(world, 1, {0});
  CHECK(decision(world, *placer, llama) == "not now: mixed_gpu_types");
  // A retry hears that nothing was freed since; the reason stays, and less room is a way out.
  const InternedShape& shape = world.intern(llama);
  const PlacementRequest again{shape, {}, {}, {}, std::vector<NodeId>{}};
  CHECK(std::get<NotNow>(placer->place(again, world.cluster, nullptr)).reason == "mixed_gpu_types");
  occupy(world, 2, {0});
  CHECK(decision(world, *placer, llama) == "not now: no_room");
  CHECK(std::get<NotNow>(placer->place(again, world.cluster, nullptr)).reason == "no_room");
}

TEST_CASE("GPUStack's mp executor puts a copy on every node") {
  World world(cluster_of({{"H100-80GB", 8, 2}}));
  const auto placer =
      make_policy(world, "gpustack", "parameters = ['--distributed-executor-backend=mp']");
  const Decision decision = world.ask(*placer, request_of("meta-llama-3.1-405b"));
  CHECK(placed(decision).layout.plan == ParallelPlan{8, 1, 2});
}

TEST_CASE("GPUs chosen by hand are not asked whether they divide anything") {
  const std::string by_hand = "select = 'all'\ngpus_per_replica = 3";
  CHECK(ask(cluster_of({{"RTX-3090", 3}}), "gpustack", request_of("gemma-3-27b-it"), by_hand) ==
        "TP 3 x PP 1 on n0[0,1,2]");
  CHECK(ask(cluster_of({{"RTX-3090", 2, 2}}), "gpustack", request_of("gemma-3-27b-it"), by_hand) ==
        "TP 1 x PP 3 on n0[0,1]+n1[0]");
}

TEST_CASE("sizes that a request does not allow are not taken") {
  Request gemma = request_of("gemma-3-27b-it");
  llm_of(gemma).allowed_tp = {8};
  CHECK(ask(cluster_of({{"RTX-3090", 8}}), "gpustack", gemma).starts_with("TP 8"));
  llm_of(gemma).allowed_tp = {1, 2};
  CHECK(ask(cluster_of({{"RTX-3090", 2, 2}}), "gpustack", gemma).starts_with("TP 2 x PP 2"));
}

TEST_CASE("with SGLang the share of a card is SGLang's") {
  World world(cluster_of({{"RTX-3090", 2}}), require_value(make_engine("sglang", {})),
              make_roofline());
  const auto placer = make_policy(world, "gpustack");
  Request request = request_of("qwen3-4b");
  llm_of(request).limits.utilisation_asked = false;
  const Decision decision = world.ask(*placer, request);
  const Bytes expected = static_cast<Bytes>(static_cast<double>(24 * kGiB) * 0.847);
  CHECK(placed(decision).layout.parts.front().charge == expected);
}

TEST_CASE("bad options of gpustack are refused") {
  const auto error = [](std::string_view options) {
    World world(cluster_of({{"L4", 1}}));
    const auto config = require_value(ConfigTable::parse(options, "options"));
    const auto* policy = require_value(find_policy("gpustack"));
    const auto placer = policy->make(world.context(), config);
    const Status status = config.finish();
    return status ? std::string("none") : status.error().text();
  };
  CHECK(error("select = 'all'").find("gpus_per_replica = N") != std::string::npos);
  CHECK(error("gpus_per_replica = 2").find("select = \"all\"") != std::string::npos);
  CHECK(error("strategy = 'pack'").find("binpack") != std::string::npos);
  for (const std::string bad : {"--gpu-memory-utilization=0", "--gpu-memory-utilization=1e30",
                                "--mem-fraction-static=nan", "--pp-size=2000000000"}) {
    const std::string text = error("strategy = 'spread'\nparameters = ['" + bad + "']");
    CHECK(text.find("options:2:") != std::string::npos);
    CHECK(text.find("'parameters': " + bad.substr(0, bad.find('='))) != std::string::npos);
    CHECK(text.find("'" + bad.substr(bad.find('=') + 1) + "'") != std::string::npos);
  }
  CHECK(error("strateg = 'spread'").find("strategy") != std::string::npos);
}
