// What TensorRT-LLM accepts, and what it takes for the cache.

#include "sim/engine/tensorrt_llm.hpp"

#include "sim/core/assert.hpp"
#include "sim/engine/stage_weights.hpp"
#include "tests/sim/engine_support.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

const EngineRules& engine() {
  static const auto kEngine = engine_named("tensorrt-llm");
  return *kEngine;
}

std::string shape(const Model& model, ParallelPlan plan) {
  return refused_by(engine().check_shape(model, plan));
}

EngineVerdict check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                    const ServingLimits& limits = {}) {
  return engine().check(model, plan, gpu, limits);
}

}  // namespace

TEST_CASE("TensorRT-LLM: heads, KV heads and widths divide") {
  Model model = easy_model();
  CHECK(engine().accepted_tp(model, 8).size() == 8);
  attention_of(model).heads = attention_of(model).kv_heads = 32;
  CHECK(shape(model, {4, 1}).empty());
  CHECK(shape(model, {3, 1}) == "tensorrt-llm.heads");
  model = easy_model();
  attention_of(model).kv_heads = 4;
  CHECK(engine().accepted_tp(model, 8) == std::vector<int>{1, 2, 4, 8});
  CHECK(shape(model, {6, 1}) == "tensorrt-llm.kv-heads");
  model = easy_model();
  mlp_of(model).width = 18'944;
  CHECK(shape(model, {2, 1}).empty());
  CHECK(shape(model, {3, 1}) == "tensorrt-llm.mlp-width");
}

TEST_CASE("TensorRT-LLM: heads are the reason where blocks would not be whole either") {
  Model model = catalogued("deepseek-v3");
  model.quantization.scheme = Quantization::Scheme::fp8_block;
  model.quantization.block_out = model.quantization.block_in = 128;
  CHECK(shape(model, {3, 1}) == "tensorrt-llm.heads");
  CHECK(engine().check_shape(model, {3, 1}).refusal.sentence ==
        "128 attention heads do not split over tensor parallel size 3 (128 mod 3 = 2)");
}

TEST_CASE("TensorRT-LLM: the vocabulary never refuses") {
  Model model = easy_model();
  model.text.vocab = 127;
  CHECK(shape(model, {3, 1}).empty());
  // Rows of one rank: ceil(127 / 3) in the embedding and in the head.
  const auto rows = [&](int tp) {
    Model none = model;
    none.text.vocab = 0;
    const StageLayers all{0, 1, 0, 4};
    const ShardSizes sizes = tensorrt_llm::shard_sizes({tp, 1});
    return stage_weights(model, sizes, all, false).total -
           stage_weights(none, sizes, all, false).total;
  };
  CHECK(rows(3) == 2 * 2 * 43 * 64);
}

TEST_CASE("TensorRT-LLM: attention data parallelism has the attention whole on every GPU") {
  CHECK(shape(easy_model(), {1, 1, 4}).empty());
  const EngineVerdict verdict = engine().check_shape(easy_model(), {2, 1, 4});
  CHECK(refused_by(verdict) == "tensorrt-llm.attention-dp");
  CHECK(verdict.refusal.phase == Refusal::Phase::configuration);
  CHECK(verdict.refusal.sentence ==
        "attention data parallelism keeps the attention whole on every GPU, so 4 replicas of it "
        "cannot have 2 GPUs each");
  Model heads = easy_model();
  attention_of(heads).heads = attention_of(heads).kv_heads = 32;
  CHECK(shape(heads, {1, 1, 3}).empty());
}

TEST_CASE("TensorRT-LLM: whole experts are spread evenly") {
  Model model = easy_experts();
  Experts& experts = std::get<Experts>(model.text.kinds[0].mlp);
  experts.count = 36;
  CHECK(shape(model, {4, 1, 1, true}).empty());
  CHECK(shape(model, {8, 1, 1, true}) == "tensorrt-llm.experts");
  experts.width = 36;
  CHECK(shape(model, {8, 1}).empty());
  CHECK(remarks_on(engine().check_shape(model, {8, 1}), "tensorrt-llm.expert-width"));
  CHECK_FALSE(remarks_on(engine().check_shape(model, {4, 1}), "tensorrt-llm.expert-width"));
}

TEST_CASE("TensorRT-LLM: layers left over go to the first stages") {
  using Layers = std::vector<std::int64_t>;
  CHECK(tensorrt_llm::stage_layers(62, 4) == Layers{16, 16, 15, 15});
  CHECK(tensorrt_llm::stage_layers(7, 4) == Layers{2, 2, 2, 1});
  CHECK(shape(easy_model(), {1, 4}).empty());
  const EngineVerdict verdict = engine().check_shape(easy_model(), {1, 5});
  CHECK(refused_by(verdict) == "tensorrt-llm.pp-layers");
  CHECK(verdict.refusal.sentence == "4 layers are fewer than pipeline parallel size 5");
}

TEST_CASE("TensorRT-LLM: the cache is a share of what is left free, worked by hand") {
  ServingLimits limits;
  limits.utilisation_ppm = 900'000;
  const EngineVerdict verdict =
      check(catalogued("meta-llama-3.1-8b"), {1, 1}, gpu_of(24 * kGiB), limits);
  CHECK(verdict.accepted);
  // 25,769,803,776 - 16,060,522,496 - 184,549,376 - 551,000,000 = 8,973,731,904, of it nine tenths
  CHECK(verdict.stages.at(0).weights == 16'060'522'496);
  CHECK(verdict.stages[0].activations == 184'549'376);
  CHECK(verdict.stages[0].kv_available == 8'076'358'713);
  CHECK(verdict.longest_context == 61'617);
  CHECK(verdict.full_sequences == 7);
  CHECK(tensorrt_llm::cache_pool(10, 900'000) == 9);
  CHECK(tensorrt_llm::cache_pool(-10, 900'000) == -10);
  CHECK(tensorrt_llm::cache_pool(std::numeric_limits<Bytes>::max(), 1'000'000) ==
        std::numeric_limits<Bytes>::max());
}

TEST_CASE("TensorRT-LLM: it refuses where nothing is free, and not a context that is too long") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  const Bytes needed = 16'060'522'496 + 184'549'376 + 551'000'000;
  EngineVerdict verdict = check(llama, {1, 1}, gpu_of(needed));
  CHECK(refused_by(verdict) == "tensorrt-llm.no-cache-memory");
  CHECK(verdict.refusal.phase == Refusal::Phase::memory);
  verdict = check(llama, {1, 1}, gpu_of(needed + 2));
  CHECK(verdict.accepted);
  CHECK(verdict.stages[0].kv_available == 1);
  CHECK(verdict.longest_context == 0);
  CHECK(remarks_on(verdict, "tensorrt-llm.max-length"));
}

TEST_CASE("TensorRT-LLM: what no source says is a remark") {
  Model model = easy_model();
  CHECK(check(model, {1, 1}, gpu_of(4 * kGiB, 80)).remarks.empty());
  CHECK(remarks_on(check(model, {1, 1}, gpu_of(4 * kGiB, 75)), "tensorrt-llm.capability"));
  model.quantization.scheme = Quantization::Scheme::fp8_tensor;
  CHECK(remarks_on(check(model, {1, 1}, gpu_of(4 * kGiB, 86)), "tensorrt-llm.capability"));
  CHECK(check(model, {1, 1}, gpu_of(4 * kGiB, 89)).remarks.empty());
  CHECK(remarks_on(check(model, {2, 1}, gpu_of(4 * kGiB, 89)), "tensorrt-llm.quantization"));
  CHECK(remarks_on(check(catalogued("gemma-3-27b-it"), {2, 1}, gpu_of(80 * kGiB)),
                   "tensorrt-llm.vision"));
  CHECK(remarks_on(check(catalogued("gemma-3-27b-it"), {2, 1}, gpu_of(80 * kGiB)),
                   "tensorrt-llm.sliding-window"));
}

TEST_CASE("TensorRT-LLM: commands") {
  const Model model = easy_experts();
  ServingLimits limits;
  CHECK(engine().command(model, {{2, 2, 1, true}, limits}) ==
        "trtllm-serve maker/easy --backend pytorch --tp_size 2 --pp_size 2 --ep_size 2 "
        "--max_seq_len 8192 --max_batch_size 16 --max_num_tokens 2048 "
        "--kv_cache_free_gpu_memory_fraction 0.92");
  limits.kv_cache = KvCacheType::fp8;
  CHECK(engine().command(model, {{1, 1, 8}, limits}) ==
        "printf 'enable_attention_dp: true\\nkv_cache_config: {dtype: fp8}\\n' > options.yaml && "
        "trtllm-serve maker/easy --backend pytorch --tp_size 8 --max_seq_len 8192 "
        "--max_batch_size 16 --max_num_tokens 2048 --kv_cache_free_gpu_memory_fraction 0.92 "
        "--config options.yaml");
}

TEST_CASE("TensorRT-LLM: what it answers is listed, and absurd input does no harm") {
  check_lists_its_rules(engine());
  check_survives_absurd_limits(engine());
  CHECK_THROWS_AS(engine().check_shape(easy_model(), {0, 1}), Fault);
}
