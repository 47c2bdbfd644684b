// fallback-search against an enumeration written without it: random clusters of at most ten GPUs in
// random states, models with and without experts, every plan the engine accepts on every subset of
// the devices, and what each is worth. Only the engine's check and the cost model are shared.

#include "sim/core/int128.hpp"
#include "sim/engine/checkpoints.hpp"
#include "sim/run/legality.hpp"
#include "tests/exhaustive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr Bytes kGb = 1'000'000'000;
constexpr int kMostGpus = 10;

std::int64_t load_sequences(const EngineRules& engine, const Model& model, ParallelPlan plan,
                            const GpuType& gpu, const ServingLimits& limits) {
  ServingLimits load = limits;
  load.context = std::min<std::int64_t>(load.context, 1024 + 256);
  const std::int64_t held = engine.check(model, plan, gpu, load).full_sequences * plan.dp;
  return std::max<std::int64_t>(1, std::min(limits.sequences, held));
}

/// Worth of a plan on one node or several, 0 where the engine refuses it.
std::int64_t worth_of(const World& world, const LlmDeployment& llm, GpuTypeId type,
                      ParallelPlan plan, bool one_node) {
  const GpuType& gpu = world.spec.gpu_types[index(type)];
  const EngineVerdict verdict = world.engine->check(*llm.model, plan, gpu, llm.limits);
  if (!verdict.accepted) return 0;
  ServingLimits limits = llm.limits;
  limits.sequences = load_sequences(*world.engine, *llm.model, plan, gpu, llm.limits);
  std::int64_t longest = 0;
  if (plan.balanced) {
    for (const StageMemory& stage : verdict.stages) longest = std::max(longest, stage.layers);
  }
  return world.cost->worth({*llm.model, limits, gpu, plan, plain_links(gpu, one_node), longest});
}

/// Every plan there is on so few GPUs.
std::vector<ParallelPlan> every_plan(bool experts) {
  std::vector<ParallelPlan> out;
  for (int tp = 1; tp <= 5; ++tp) {  // of the largest node
    for (int pp = 1; tp * pp <= kMostGpus; ++pp) {
      for (int dp = 1; tp * pp * dp <= kMostGpus && dp <= (experts ? 8 : 1); dp *= 2) {
        for (const bool ep : {false, true}) {
          if (ep && (!experts || tp * dp == 1)) continue;
          out.push_back({tp, pp, dp, ep});
        }
      }
    }
  }
  return out;
}

/// What can be had at best: 0 = nothing.
class Best {
 public:
  Best(const World& world, const RequestShape& shape) : world_(world), shape_(shape) {}

  [[nodiscard]] std::int64_t of(const LlmDeployment& llm) {
    std::int64_t best = 0;
    for (std::size_t t = 0; t < world_.spec.gpu_types.size(); ++t) {
      const auto& names = shape_.allowed_gpus;
      const std::string& name = world_.spec.gpu_types[t].name;
      if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) continue;
      for (const ParallelPlan plan : every_plan(llm.model->text.has_experts())) {
        best = std::max(best, of_plan(llm, static_cast<GpuTypeId>(t), plan));
      }
    }
    return best;
  }

 private:
  [[nodiscard]] std::int64_t of_plan(const LlmDeployment& llm, GpuTypeId type, ParallelPlan plan) {
    const auto& tp = llm.allowed_tp;
    if (!tp.empty() && std::find(tp.begin(), tp.end(), plan.tp) == tp.end()) return 0;
    for (const bool one_node : {true, false}) {
      if (!possible(type, plan, one_node)) continue;
      const std::int64_t plain = worth_of(world_, llm, type, plan, one_node);
      if (plain > 0) return plain;
      plan.balanced = plan.pp > 1;
      return plan.balanced ? worth_of(world_, llm, type, plan, one_node) : 0;
    }
    return 0;
  }
  [[nodiscard]] bool possible(GpuTypeId type, ParallelPlan plan, bool one_node) {
    const auto key = std::tuple(type, plan.tp, plan.gpus(), one_node);
    const auto known = possible_.find(key);
    if (known != possible_.end()) return known->second;
    const EverySubset subsets(world_.cluster, shape_, type, plan.tp, plan.gpus());
    return possible_.emplace(key, subsets.possible(one_node)).first->second;
  }

  const World& world_;
  const RequestShape& shape_;
  std::map<std::tuple<GpuTypeId, int, int, bool>, bool> possible_;
};

std::vector<GpuType> random_types(Draw& draw) {
  static const std::vector<std::pair<Bytes, Bytes>> kMemories = {
      {12 * kGb, 24 * kGb}, {24 * kGb, 48 * kGb}, {16 * kGb, 80 * kGb}};
  const auto [small, large] = kMemories[static_cast<std::size_t>(draw.from(0, 2))];
  GpuType dear = own_gpu("large", large);
  dear.memory_bandwidth *= 2;
  dear.price_milli = draw.from(1, 3) * 1'000;
  return {own_gpu("small", small), dear};
}

std::shared_ptr<const Model> random_model(Draw& draw) {
  static const std::vector<std::shared_ptr<const Model>> kModels = [] {
    std::vector<std::shared_ptr<const Model>> out;
    for (const char* name :
         {"qwen3-4b", "qwen2.5-7b-instruct", "gemma-3-27b-it", "phi-4", "internvl2_5-8b",
          "qwen2.5-vl-7b-instruct", "qwen3-30b-a3b", "deepseek-v2-lite", "gpt-oss-20b"}) {
      out.push_back(require_value(find_model(name)));
    }
    return out;
  }();
  return kModels[static_cast<std::size_t>(draw.from(0, std::ssize(kModels) - 1))];
}

Request random_request(Draw& draw) {
  Request request = llm_request("r", "qwen3-4b");
  LlmDeployment& llm = llm_of(request);
  llm.model = random_model(draw);
  llm.limits.context =
      std::vector<std::int64_t>{2048, 4096}[static_cast<std::size_t>(draw.from(0, 1))];
  llm.limits.sequences = draw.one_in(2) ? 4 : 32;
  llm.limits.utilisation_ppm = draw.one_in(3) ? 500'000 : 900'000;
  llm.limits.encoder_data_parallel = draw.one_in(2);
  llm.shared = draw.one_in(3);
  if (draw.one_in(5)) llm.allowed_tp = {static_cast<int>(draw.from(1, 2)), 3};
  if (draw.one_in(2)) request.shape.cpu_milli = draw.from(1, 15);
  if (draw.one_in(4)) request.shape.ram = draw.from(1, 15);
  if (draw.one_in(4)) request.shape.allowed_gpus = {draw.one_in(2) ? "small" : "large"};
  return request;
}

/// Allows some degradations, and returns what is served as asked and under each of them.
std::vector<LlmDeployment> allow_some(Draw& draw, LlmDeployment& llm) {
  std::vector<LlmDeployment> out = {llm};
  const auto add = [&](const Degradation& degradation, const auto& change) {
    LlmDeployment less = out.front();
    change(less);
    out.push_back(less);
    llm.degradations.push_back(degradation);
  };
  if (draw.one_in(2)) {
    add({1024, {}, false, {}}, [](LlmDeployment& d) { d.limits.context = 1024; });
  }
  const bool plain = !llm.model->quantization.quantized();
  if (plain && draw.one_in(2)) {
    add({{}, 2, false, Degradation::Checkpoint::fp8}, [](LlmDeployment& d) {
      d.limits.sequences = 2;
      d.model = as_fp8(*d.model);
    });
  }
  if (plain && draw.one_in(3)) {
    add({{}, {}, true, Degradation::Checkpoint::four_bits}, [](LlmDeployment& d) {
      d.limits.kv_cache = KvCacheType::fp8;
      d.model = as_4_bits(*d.model);
    });
  }
  return out;
}

struct Tally {
  int placed = 0;
  int none = 0;
  int degraded = 0;
  int replicas = 0;  // placed with dp > 1 or ep
  int balanced = 0;
  std::int64_t worst_ppm = 1'000'000;
};

// Whatever is preferred, a plan is found if there is one.
void judge_others(World& world, const Request& request, bool placed) {
  static const std::vector<std::pair<std::string, std::string>> kOthers{
      {"fallback-search", "prefer = 'least-stranded'"},
      {"fallback-search", "prefer = 'fewest-nodes'"},
      {"fallback-search", "prefer = 'spread'"},
      {"fallback-search", "prefer = 'weights-on-node'"},
      {"fallback-search-mix", ""}};
  for (const auto& [policy, options] : kOthers) {
    const auto placer = make_policy(world, policy, options);
    const Decision decision = world.ask(*placer, request);
    const auto* place = std::get_if<Place>(&decision);
    if ((place != nullptr) != placed) FAIL(policy << " with " << options << " found otherwise");
    if (place != nullptr) world.cluster.give_back(world.take(request, place->layout));
  }
}

void judge(World& world, Placer& placer, Draw& draw, std::uint64_t seed, Tally& tally) {
  Request request = random_request(draw);
  const std::vector<LlmDeployment> served = allow_some(draw, llm_of(request));
  Best best(world, request.shape);
  std::int64_t most = 0;
  int degradation = 0;
  for (; degradation < std::ssize(served); ++degradation) {
    most = best.of(served[static_cast<std::size_t>(degradation)]);
    if (most > 0) break;
  }
  const Decision decision = world.ask(placer, request);
  const auto* place = std::get_if<Place>(&decision);
  INFO("seed " << seed << ", " << llm_of(request).model->name);
  if ((place != nullptr) != (most > 0)) {
    FAIL((place != nullptr ? "placed where there is no valid plan"
                           : "nothing found where a valid plan is free"));
  }
  if (place == nullptr) {
    judge_others(world, request, false);
    ++tally.none;
    return;
  }
  const Layout& layout = place->layout;
  if (layout.degradation != degradation) FAIL("degradation " << layout.degradation);
  const auto holdings = world.take(request, layout);
  world.cluster.give_back(holdings);
  judge_others(world, request, true);
  const std::int64_t worth = worth_of(world, served[static_cast<std::size_t>(degradation)],
                                      layout.gpu, layout.plan, holdings.size() == 1);
  if (worth > most) FAIL("better than the best: the enumeration has a hole");
  const std::int64_t ppm = mul_div_floor(worth, 1'000'000, most);
  ++tally.placed;
  tally.degraded += degradation > 0 ? 1 : 0;
  tally.replicas += layout.plan.dp > 1 || layout.plan.ep ? 1 : 0;
  tally.balanced += layout.plan.balanced ? 1 : 0;
  tally.worst_ppm = std::min(tally.worst_ppm, ppm);
}

}  // namespace

TEST_CASE("fallback-search finds a plan whenever one is free, and it is the best") {
  Tally tally;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Draw draw(50'000 + seed);
    World world(random_cluster(draw, random_types(draw), kGb));
    const auto placer = make_policy(world, "fallback-search");
    for (int i = 0; i < 4; ++i) {
      const auto taken = random_state(draw, world.cluster, kGb);
      judge(world, *placer, draw, seed, tally);
      for (const NodeHolding& holding : taken) world.cluster.give_back(std::span(&holding, 1));
    }
  }
  INFO(fmt::format("{} placed, {} not; {} degraded, {} with replicas, {} balanced; worst {} ppm",
                   tally.placed, tally.none, tally.degraded, tally.replicas, tally.balanced,
                   tally.worst_ppm));
  // The search is exhaustive: nothing but the best will do.
  CHECK(tally.worst_ppm == 1'000'000);
  // Or the cases have gone blind.
  CHECK(tally.placed > 1000);
  CHECK(tally.none > 500);
  CHECK(tally.degraded > 50);
  CHECK(tally.replicas > 10);
  CHECK(tally.balanced > 5);
}
