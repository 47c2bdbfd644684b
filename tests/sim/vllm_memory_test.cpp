// What vLLM's memory budget leaves for the KV cache, and when it refuses to start.

#include "sim/core/assert.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/vllm.hpp"
#include "tests/models.hpp"
#include "tests/support.hpp"

#include <limits>

using namespace headroom;

namespace {

Model catalogued(std::string_view name) { return *test::require_value(find_model(name)); }

EngineVerdict check(const Model& model, ParallelPlan plan, Bytes gpu, const ServingLimits& limits,
                    const MemoryOverheads& overheads = {}) {
  GpuType type;
  type.memory = gpu;
  return test::require_value(make_engine("vllm", overheads))->check(model, plan, type, limits);
}

constexpr Bytes kGpu = 24 * kGiB;

/// Bytes of weights on each rank of one stage of a model whose stages are all alike before it.
Bytes stage_weights(const Model& model, ParallelPlan plan, int stage, std::int64_t layers) {
  const StageLayers held{stage, plan.pp, stage * layers, layers};
  return headroom::stage_weights(model, vllm::shard_sizes(plan), held, false).total;
}

/// Everything that is neither weights nor cache, per GPU, at which the verdict on gemma-3-27b at
/// PP=3 flips: the largest still accepted.
Bytes largest_overhead(bool hybrid) {
  const Model gemma = catalogued("gemma-3-27b-it");
  MemoryOverheads overheads;
  overheads.hybrid_kv_cache = hybrid;
  const Bytes activations = vllm::activation_bytes(gemma, 1, 2048, overheads);
  Bytes low = 0;
  Bytes high = 4 * kGiB;
  while (high - low > 1) {
    overheads.runtime = low + (high - low) / 2;
    (check(gemma, {1, 3}, kGpu, {}, overheads).accepted ? low : high) = overheads.runtime;
  }
  return low + activations;
}

}  // namespace

TEST_CASE("what the engine takes of a GPU is rounded up to whole bytes") {
  CHECK(requested_bytes(24 * kGiB, 920'000) == 23'708'219'474);  // 23,708,219,473.92
  CHECK(requested_bytes(100, 1'000'000) == 100);
  CHECK(requested_bytes(100, 0) == 0);
  CHECK(requested_bytes(1, 1) == 1);
  CHECK(requested_bytes(std::numeric_limits<Bytes>::max(), 1'000'000) ==
        std::numeric_limits<Bytes>::max());
  CHECK_THROWS_AS(requested_bytes(1, 1'000'001), Fault);
  CHECK_THROWS_AS(requested_bytes(-1, 5), Fault);
}

TEST_CASE("on one GPU the weights are the checkpoint with a padded vocabulary") {
  for (const Model& model : model_catalogue()) {
    INFO(model.name);
    const std::int64_t padding = (64 - model.text.vocab % 64) % 64;
    const std::int64_t tables = model.text.tied_embeddings ? 1 : 2;
    CHECK(stage_weights(model, {1, 1}, 0, model.text.layers()) ==
          weight_bytes(model) + 2 * tables * padding * model.text.hidden);
  }
}

TEST_CASE("pipeline stages hold all weights, a tied table twice") {
  const auto sum = [](const Model& model, int pp) {
    Bytes bytes = 0;
    std::int64_t first = 0;
    const auto layers = vllm::stage_layers(model.text.layers(), pp);
    for (int s = 0; s < pp; ++s) {
      const std::int64_t count = layers[static_cast<std::size_t>(s)];
      bytes +=
          headroom::stage_weights(model, vllm::shard_sizes({1, pp}), {s, pp, first, count}, false)
              .total;
      first += count;
    }
    return bytes;
  };
  const Model untied = catalogued("meta-llama-3.1-8b");
  CHECK(sum(untied, 4) == weight_bytes(untied));
  const Model tied = catalogued("gemma-3-27b-it");
  CHECK(sum(tied, 3) == weight_bytes(tied) + Bytes{2} * 262'208 * 5376);
}

TEST_CASE("tensor parallel ranks share matrices and repeat norms and spare KV heads") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  // Per rank at TP 16: a sixteenth of everything but 65 norms, and one of 8 KV heads instead of
  // half a head.
  const std::int64_t norms = 65 * 4096;
  const std::int64_t spare = 32 * 2 * 128 * 4096 / 2;
  CHECK(stage_weights(llama, {16, 1}, 0, 32) ==
        2 * ((total_parameters(llama) - norms) / 16 + norms + spare));
  const Model gpt = [] {
    Model model = catalogued("gpt2-xl");
    Attention& heads = test::attention_of(model);
    heads.heads = heads.kv_heads = 32;
    heads.head_dim = 50;
    model.text.vocab = 50'304;
    return model;
  }();
  // Replicated: 97 norms with bias, two row-parallel biases a layer, positions.
  const std::int64_t whole = 97 * 2 * 1600 + 48 * 2 * 1600 + 1024 * 1600;
  CHECK(stage_weights(gpt, {2, 1}, 0, 48) == 2 * ((total_parameters(gpt) - whole) / 2 + whole));
  const Model cohere = catalogued("c4ai-command-r-plus");
  const std::int64_t vectors = 65 * 12'288;
  CHECK(stage_weights(cohere, {8, 1}, 0, 64) ==
        2 * ((total_parameters(cohere) - vectors) / 8 + vectors));
}

TEST_CASE("the vision tower weighs on the first stage only, rounded up per rank") {
  Model with = catalogued("gemma-3-27b-it");
  with.vision->parameters = 1001;
  Model without = with;
  without.vision.reset();
  const auto extra = [&](ParallelPlan plan, int stage) {
    return stage_weights(with, plan, stage, 20) - stage_weights(without, plan, stage, 20);
  };
  CHECK(extra({2, 3}, 0) == 2 * 501);
  CHECK(extra({2, 3}, 1) == 0);
  CHECK(extra({2, 3}, 2) == 0);
}

TEST_CASE("activations follow the factor table and keep a floor") {
  const Model gemma = catalogued("gemma-3-27b-it");
  const MemoryOverheads overheads;
  CHECK(vllm::activation_bytes(gemma, 1, 2048, overheads) == 184'549'376);
  const Bytes unit = 2 * 8192 * 4096;
  CHECK(vllm::activation_bytes(gemma, 2, 8192, overheads) == unit * 13 / 2);
  CHECK(vllm::activation_bytes(gemma, 3, 8192, overheads) == unit * 13 / 2);
  CHECK(vllm::activation_bytes(gemma, 4, 8192, overheads) == unit * 5);
  CHECK(vllm::activation_bytes(gemma, 16, 8192, overheads) == unit * 5);
  CHECK(vllm::activation_bytes(gemma, 1, 1, overheads) == 70 * kMiB);
}

TEST_CASE("a sequence of full attention takes whole blocks of every layer") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  const auto kv = [&](int tp, std::int64_t context) {
    return vllm::kv_bytes_per_sequence(cache_groups(llama, 0, 32, tp, {}), context, 2048, {});
  };
  CHECK(kv(1, 8192) == 8192 * 131'072);
  CHECK(kv(8, 8192) == 8192 * 16'384);
  CHECK(kv(16, 8192) == kv(8, 8192));  // one KV head at least
  CHECK(kv(1, 1) == 16 * 131'072);
  CHECK(kv(1, 17) == 32 * 131'072);
}

TEST_CASE("mixed full and sliding layers share groups of blocks") {
  const Model gemma = catalogued("gemma-3-27b-it");
  const Bytes page = 2 * 16 * 16 * 128 * 2;
  const auto cache = [&](char reach) {
    const auto layer = static_cast<std::int64_t>(test::reach_text(gemma.text).find(reach));
    return layer_cache(gemma.text.layer(layer), 1, 2, {});
  };
  struct Span {
    std::int64_t full, sliding;
  };
  const auto kv = [&](Span span, std::int64_t context, std::int64_t batched, bool hybrid) {
    std::vector<CacheGroup> groups;
    if (span.full > 0) groups.push_back({cache('f'), span.full});
    if (span.sliding > 0) groups.push_back({cache('s'), span.sliding});
    return vllm::kv_bytes_per_sequence(groups, context, batched, {16, 0, hybrid});
  };
  // 10 full layers in one group, 52 sliding ones in six padded ones.
  CHECK(kv({10, 52}, 131'072, 8192, true) == 10 * page * (8192 + 6 * 577));
  CHECK(kv({10, 52}, 131'072, 8192, true) == 15'275'130'880);
  CHECK(kv({10, 52}, 131'072, 8192, false) == 131'072 * Bytes{507'904});
  CHECK(kv({3, 18}, 8192, 2048, true) == 3 * page * (512 + 6 * 193));
  // A larger type below one and a half times the smaller sets the group size itself.
  CHECK(kv({4, 5}, 8192, 2048, true) == 5 * page * (512 + 193));
  CHECK(kv({4, 6}, 8192, 2048, true) == 4 * page * (512 + 2 * 193));
  // One type alone is a plain sum.
  CHECK(kv({0, 5}, 8192, 2048, true) == 5 * page * 193);
  CHECK(kv({0, 5}, 100, 2048, true) == 5 * page * 8);
  CHECK(kv({5, 0}, 8192, 2048, true) == 5 * page * 512);
}

TEST_CASE("gemma-3-27b over three GPUs of 24 GiB is accepted with the default overhead") {
  const EngineVerdict verdict = check(catalogued("gemma-3-27b-it"), {1, 3}, kGpu, {});
  CHECK(verdict.accepted);
  REQUIRE(verdict.stages.size() == 3);
  CHECK(verdict.stages[0].layers == 21);
  CHECK(verdict.stages[1].layers == 21);
  CHECK(verdict.stages[2].layers == 20);
  CHECK(verdict.stages[0].weights == 21'007'120'608);
  CHECK(verdict.stages[1].weights == 21 * Bytes{412'898'560} * 2);
  CHECK(verdict.stages[2].weights == (20 * Bytes{412'898'560} + Bytes{262'208} * 5376 + 5376) * 2);
  CHECK(verdict.stages[0].activations == 184'549'376);
  CHECK(verdict.stages[0].communication == 0);
  CHECK(verdict.stages[0].runtime == 551'000'000);
  CHECK(verdict.stages[0].kv_available == 1'965'549'490);
  CHECK(verdict.stages[0].kv_per_sequence == 656'670'720);
  CHECK(verdict.worst_stage == 0);
}

TEST_CASE("the overhead that decides gemma-3-27b over three GPUs") {
  CHECK(largest_overhead(true) == 2'044'428'146);
  CHECK(to_gib(largest_overhead(true)) == Approx(1.90).margin(0.005));
  CHECK(to_gib(largest_overhead(false)) == Approx(1.20).margin(0.005));
}

TEST_CASE("a larger runtime leaves no memory for the cache") {
  MemoryOverheads overheads;
  overheads.runtime = 7 * kGiB / 2;
  const EngineVerdict verdict = check(catalogued("gemma-3-27b-it"), {1, 3}, kGpu, {}, overheads);
  CHECK_FALSE(verdict.accepted);
  CHECK(verdict.refusal.rule == "vllm.no-cache-memory");
  CHECK(verdict.refusal.phase == Refusal::Phase::memory);
  CHECK(verdict.refusal.sentence.find("each GPU of pipeline stage 1 of 3") == 0);
  CHECK(verdict.stages.size() == 3);
  CHECK(verdict.worst_stage == 0);
}

TEST_CASE("one byte decides whether a sequence of full length fits") {
  const Model gemma = catalogued("gemma-3-27b-it");
  MemoryOverheads overheads;
  overheads.runtime = 2'044'428'146 - 184'549'376;
  CHECK(check(gemma, {1, 3}, kGpu, {}, overheads).accepted);
  ++overheads.runtime;
  const EngineVerdict verdict = check(gemma, {1, 3}, kGpu, {}, overheads);
  CHECK_FALSE(verdict.accepted);
  CHECK(verdict.refusal.rule == "vllm.max-length");
  CHECK(verdict.refusal.sentence ==
        "one sequence of 8192 tokens needs 0.61 GiB of KV cache on each GPU of pipeline stage 1 of "
        "3, which has 0.61 GiB (1 B short); the longest context that fits is 8176");
}

TEST_CASE("the longest context named fits, and one token more does not") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  ServingLimits limits;
  limits.context = 131'072;
  const EngineVerdict refused = check(llama, {1, 1}, kGpu, limits);
  REQUIRE(refused.refusal.rule == "vllm.max-length");
  const std::string& sentence = refused.refusal.sentence;
  CHECK(sentence.find("on each GPU, which has") != std::string::npos);
  limits.context = std::stoll(sentence.substr(sentence.rfind(' ') + 1));
  CHECK(check(llama, {1, 1}, kGpu, limits).accepted);
  ++limits.context;
  CHECK_FALSE(check(llama, {1, 1}, kGpu, limits).accepted);
}

TEST_CASE("no longest context is named when not even one block fits") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  MemoryOverheads overheads;
  const EngineVerdict before = check(llama, {1, 1}, kGpu, {}, overheads);
  overheads.runtime += before.stages[0].kv_available - 1;
  const EngineVerdict verdict = check(llama, {1, 1}, kGpu, {}, overheads);
  CHECK(verdict.stages[0].kv_available == 1);
  CHECK(verdict.refusal.rule == "vllm.max-length");
  CHECK(verdict.refusal.sentence.find("longest") == std::string::npos);
  overheads.runtime += 1;
  CHECK(check(llama, {1, 1}, kGpu, {}, overheads).refusal.rule == "vllm.no-cache-memory");
}

TEST_CASE("a shape refusal comes before any memory is counted") {
  const EngineVerdict verdict = check(catalogued("phi-4"), {4, 1}, 1, {});
  CHECK(verdict.refusal.rule == "vllm.kv-heads");
  CHECK(verdict.stages.empty());
}

TEST_CASE("NCCL buffers are charged by tensor parallel size") {
  const Model llama = catalogued("meta-llama-3.1-70b");
  const auto charged = [&](int tp) {
    return check(llama, {tp, 1}, 80 * kGiB, {}).stages[0].communication;
  };
  CHECK(charged(1) == 0);
  CHECK(charged(2) == 342 * kMiB);
  CHECK(charged(4) == 392 * kMiB);
  CHECK(charged(16) == 392 * kMiB);
}

TEST_CASE("NCCL buffers of replicas are those of the group that shares experts with them") {
  const auto charged = [&](const char* model, ParallelPlan plan) {
    ServingLimits limits;
    limits.context = 1024;
    const EngineVerdict verdict = check(catalogued(model), plan, 80 * kGiB, limits);
    REQUIRE_FALSE(verdict.stages.empty());
    return verdict.stages[0].communication;
  };
  CHECK(charged("mixtral-8x7b-v0.1", {1, 1, 2}) == 342 * kMiB);
  CHECK(charged("mixtral-8x7b-v0.1", {1, 1, 8, true}) == 392 * kMiB);
  CHECK(charged("mixtral-8x7b-v0.1", {2, 1, 4}) == 392 * kMiB);
  // Replicas of a dense model exchange nothing.
  CHECK(charged("meta-llama-3.1-8b", {1, 1, 8}) == 0);
  CHECK(charged("meta-llama-3.1-8b", {2, 1, 4}) == 342 * kMiB);
}

TEST_CASE("absurd limits are refused without overflow, and impossible ones are a fault") {
  ServingLimits limits;
  limits.context = std::numeric_limits<std::int64_t>::max();
  limits.batched_tokens = std::numeric_limits<std::int64_t>::max();
  const EngineVerdict verdict =
      check(catalogued("gemma-3-27b-it"), {1, 1}, std::numeric_limits<Bytes>::max(), limits);
  CHECK_FALSE(verdict.accepted);
  limits.context = 0;
  CHECK_THROWS_AS(check(catalogued("phi-4"), {1, 1}, kGpu, limits), Fault);
}
