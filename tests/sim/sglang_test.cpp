// What SGLang accepts, and what its static share leaves for the cache.

#include "sim/engine/sglang.hpp"

#include "sim/core/assert.hpp"
#include "tests/sim/engine_support.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

const EngineRules& engine() {
  static const auto kEngine = engine_named("sglang");
  return *kEngine;
}

std::string shape(const Model& model, ParallelPlan plan) {
  return refused_by(engine().check_shape(model, plan));
}

EngineVerdict check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                    const ServingLimits& limits = {}) {
  return engine().check(model, plan, gpu, limits);
}

void set_heads(Model& model, int heads, int kv_heads, int head_dim) {
  attention_of(model).heads = heads;
  attention_of(model).kv_heads = kv_heads;
  attention_of(model).head_dim = head_dim;
}

Model fp8_blocks(Model model) {
  model.quantization.scheme = Quantization::Scheme::fp8_block;
  model.quantization.bits = 8;
  model.quantization.block_out = model.quantization.block_in = 128;
  return model;
}

Model groups_of_128(Model model) {
  model.quantization.scheme = Quantization::Scheme::gptq;
  model.quantization.bits = 4;
  model.quantization.group = 128;
  return model;
}

}  // namespace

TEST_CASE("SGLang: attention heads divide by the attention's ranks") {
  Model model = easy_model();
  attention_of(model).heads = 32;
  attention_of(model).kv_heads = 32;
  CHECK(shape(model, {4, 1}).empty());
  CHECK(shape(model, {3, 1}) == "sglang.heads");
  CHECK(shape(model, {1, 1, 3}).empty());
  CHECK(shape(model, {3, 1, 2}) == "sglang.heads");
  CHECK(engine().check_shape(model, {3, 1}).refusal.sentence ==
        "32 attention heads do not split over tensor parallel size 3 (32 mod 3 = 2)");
}

TEST_CASE("SGLang: KV heads split or are copied evenly") {
  Model model = easy_model();
  attention_of(model).kv_heads = 4;
  CHECK(engine().accepted_tp(model, 8) == std::vector<int>{1, 2, 4, 8});
  CHECK(shape(model, {6, 1}) == "sglang.kv-heads");
  attention_of(model).latent = LatentAttention{0, 512, 128, 64, 128};
  CHECK(shape(model, {6, 1}).empty());
}

TEST_CASE("SGLang: the padded vocabulary and the widths divide") {
  Model model = easy_model();
  model.text.vocab = 127;
  CHECK(shape(model, {4, 1}).empty());
  CHECK(shape(model, {3, 1}) == "sglang.vocab");
  model = easy_model();
  mlp_of(model).width = 24;
  CHECK(shape(model, {8, 1}).empty());
  CHECK(shape(model, {5, 1}) == "sglang.mlp-width");
  // A dense MLP is cut over all ranks of a stage.
  CHECK(shape(model, {4, 1, 2}).empty());
  CHECK(shape(model, {2, 1, 5}) == "sglang.mlp-width");
}

TEST_CASE("SGLang: experts are cut over all ranks, or spread whole over all ranks") {
  Model model = easy_experts();
  Experts& experts = std::get<Experts>(model.text.kinds[0].mlp);
  experts.width = 36;
  CHECK(shape(model, {2, 1, 2}).empty());
  CHECK(shape(model, {4, 1, 2}) == "sglang.expert-width");
  CHECK(shape(model, {4, 1, 2, true}).empty());
  experts.count = 36;
  CHECK(shape(model, {2, 1, 2, true}).empty());
  CHECK(shape(model, {4, 1, 2, true}) == "sglang.experts");
  experts.shared_width = 12;
  CHECK(shape(model, {4, 1, 1, true}).empty());
  CHECK(shape(model, {5, 1, 1, false}) == "sglang.mlp-width");
  CHECK(remarks_on(engine().check_shape(easy_model(), {2, 1, 1, true}), "sglang.experts"));
}

TEST_CASE("SGLang: slices of FP8 experts are whole blocks, found at configuration time") {
  Model model = fp8_blocks(easy_experts());
  model.text.hidden = 1024;
  set_heads(model, 64, 64, 128);
  Experts& experts = std::get<Experts>(model.text.kinds[0].mlp);
  experts.width = 1536;
  experts.count = 64;
  experts.shared_width = 0;
  CHECK(shape(model, {4, 1}).empty());  // 384 = 3 x 128
  const EngineVerdict verdict = engine().check_shape(model, {8, 1});
  CHECK(refused_by(verdict) == "sglang.quantized-moe");
  CHECK(verdict.refusal.phase == Refusal::Phase::configuration);
  CHECK(verdict.refusal.sentence ==
        "8 slices of each expert have 192 columns, which are not whole FP8 blocks of 128 (192 mod "
        "128 = 64)");
  CHECK(shape(model, {8, 1, 1, true}).empty());
  experts.width = 1000;
  CHECK(shape(model, {16, 1}) == "sglang.quantized-moe");
}

TEST_CASE("SGLang: each rank's part of an FP8 matrix is whole blocks") {
  const Model qwen = fp8_blocks(catalogued("qwen3-32b"));  // 25,600 wide
  CHECK(shape(qwen, {8, 1}).empty());
  CHECK(shape(qwen, {16, 1}) == "sglang.fp8-block");
  CHECK(shape(catalogued("qwen3-32b"), {16, 1}).empty());
  Model heads = fp8_blocks(easy_model());
  heads.text.hidden = 1024;
  mlp_of(heads).width = 1024;
  set_heads(heads, 16, 2, 64);
  CHECK(shape(heads, {1, 1}).empty());
  const EngineVerdict verdict = engine().check_shape(heads, {2, 1});
  CHECK(verdict.refusal.sentence ==
        "each GPU has 64 outputs of self_attn.k_proj, which are not whole FP8 blocks of 128 (64 "
        "mod 128 = 64)");
}

TEST_CASE("SGLang: each rank's inputs are whole groups") {
  Model model = groups_of_128(catalogued("qwen2.5-72b"));
  mlp_of(model).width = 29'568;  // 231 x 128
  CHECK(shape(model, {1, 1}).empty());
  CHECK(shape(model, {2, 1}) == "sglang.group-size");
  mlp_of(model).width = 29'696;  // 232 x 128
  CHECK(shape(model, {8, 1}).empty());
  model.quantization.group = 0;
  mlp_of(model).width = 29'568;
  CHECK(shape(model, {2, 1}).empty());
  CHECK(remarks_on(engine().check_shape(model, {2, 1}), "sglang.marlin"));
}

TEST_CASE("SGLang: the vision tower's heads divide") {
  Model model = easy_model();
  model.vision = VisionArch{27, 1152, 16, 4304, 1'000'000};
  CHECK(shape(model, {4, 1}).empty());
  CHECK(shape(model, {5, 1}) == "sglang.vision-heads");
  model.vision->heads = 840;
  CHECK(shape(model, {5, 1}).empty());
  CHECK(remarks_on(engine().check_shape(model, {5, 1}), "sglang.vision-mlp-width"));
}

TEST_CASE("SGLang: a vision tower that every rank holds whole is not cut") {
  Model model = easy_model();
  model.vision = VisionArch{27, 1152, 16, 4304, 1'000'000};
  ServingLimits limits;
  EngineVerdict verdict = check(model, {5, 1}, gpu_of(24 * kGiB), limits);
  CHECK(refused_by(verdict) == "sglang.vision-heads");
  CHECK_FALSE(remarks_on(verdict, "sglang.encoder-mode"));
  limits.encoder_data_parallel = true;
  verdict = check(model, {5, 1}, gpu_of(24 * kGiB), limits);
  CHECK(verdict.accepted);
  CHECK_FALSE(remarks_on(verdict, "sglang.vision-mlp-width"));
  CHECK(remarks_on(verdict, "sglang.encoder-mode"));
  // The whole tower on each of the five.
  Model without = model;
  without.vision.reset();
  CHECK(verdict.stages.at(0).weights -
            check(without, {5, 1}, gpu_of(24 * kGiB), limits).stages.at(0).weights ==
        2'000'000);
  CHECK_FALSE(remarks_on(check(without, {5, 1}, gpu_of(24 * kGiB), limits), "sglang.encoder-mode"));
}

TEST_CASE("SGLang: the plain reason comes before blocks and groups of parts that do not exist") {
  const Model deepseek = fp8_blocks(catalogued("deepseek-v3"));
  for (const ParallelPlan plan : {ParallelPlan{3, 1, 1, true}, ParallelPlan{5, 1, 1, true}}) {
    CHECK(shape(deepseek, plan) == "sglang.heads");
  }
  CHECK(engine().check_shape(deepseek, {3, 1, 1, true}).refusal.sentence ==
        "128 attention heads do not split over tensor parallel size 3 (128 mod 3 = 2)");
  // Slices of experts are asked for first: at configuration time.
  CHECK(shape(deepseek, {3, 1}) == "sglang.quantized-moe");
  Model model = groups_of_128(catalogued("qwen2.5-72b"));  // 64 heads, 8 KV heads
  CHECK(shape(model, {3, 1}) == "sglang.heads");
  CHECK(shape(model, {16, 1}) == "sglang.group-size");
  mlp_of(model).width = 29'569;
  CHECK(shape(model, {2, 1}) == "sglang.mlp-width");
  model = fp8_blocks(easy_model());
  attention_of(model).kv_heads = 4;
  CHECK(shape(model, {6, 1}) == "sglang.kv-heads");
  // No part of a layer with a state is invented either: how it is cut was not established.
  model = fp8_blocks(easy_model());
  model.text.kinds[0].mixer = Mamba2{8, 8, 8, 8, 4};
  model.text.kinds[0].mlp = std::monostate{};
  CHECK(shape(model, {3, 1}).empty());
}

TEST_CASE("SGLang: layers left over go to the last stages") {
  using Layers = std::vector<std::int64_t>;
  CHECK(sglang::stage_layers(62, 4) == Layers{15, 15, 16, 16});
  CHECK(sglang::stage_layers(80, 4) == Layers{20, 20, 20, 20});
  CHECK(sglang::stage_layers(7, 4) == Layers{1, 2, 2, 2});
  CHECK(shape(easy_model(), {1, 4}).empty());
  CHECK(shape(easy_model(), {1, 5}) == "sglang.pp-layers");
  CHECK(remarks_on(engine().check_shape(easy_model(), {1, 2}), "sglang.pp-support"));
}

TEST_CASE("SGLang: GPUs from compute capability 7.5 on") {
  const Model model = easy_model();
  CHECK(check(model, {1, 1}, gpu_of(kGiB, 75)).accepted);
  CHECK(refused_by(check(model, {1, 1}, gpu_of(kGiB, 70))) == "sglang.capability");
  CHECK(refused_by(check(model, {1, 1}, gpu_of(kGiB, 61))) == "sglang.capability");
  CHECK(remarks_on(check(model, {1, 1}, gpu_of(kGiB, 75)), "sglang.bf16", Remark::Kind::fallback));
  CHECK_FALSE(
      remarks_on(check(model, {1, 1}, gpu_of(kGiB, 80)), "sglang.bf16", Remark::Kind::fallback));
  CHECK(remarks_on(check(model, {1, 1}, gpu_of(kGiB, 0)), "sglang.capability"));
  ServingLimits limits;
  limits.kv_cache = KvCacheType::fp8;
  CHECK(remarks_on(check(model, {1, 1}, gpu_of(kGiB, 86), limits), "sglang.fp8-cache"));
  CHECK_FALSE(remarks_on(check(model, {1, 1}, gpu_of(kGiB, 89), limits), "sglang.fp8-cache"));
}

TEST_CASE("SGLang: its own reserve, worked by hand") {
  const auto reserve = [](Bytes memory, ParallelPlan plan, std::int64_t chunk,
                          bool latent = false) {
    return sglang::default_reserve(memory, plan, latent, chunk) / kMiB;
  };
  // 512 + 1.5 x 8192 + 2 x 256 + 1024 / 8 + 8 x 58 graphs
  CHECK(sglang::default_chunked_prefill(80 * kGiB) == 8192);
  CHECK(reserve(80 * kGiB, {1, 1}, 8192) == 13'904);
  CHECK(sglang::default_static_fraction(80 * kGiB, 13'904 * kMiB) == 830'000);
  // 512 + 1.5 x 2048 + 2 x 24 + 1024 / 8 + 8 x 42 graphs
  CHECK(sglang::default_chunked_prefill(24 * kGiB) == 2048);
  CHECK(reserve(24 * kGiB, {1, 1}, 2048) == 4096);
  CHECK(sglang::default_static_fraction(24 * kGiB, 4096 * kMiB) == 833'000);
  CHECK(reserve(24 * kGiB, {2, 2}, 2048) == 4096 + 3 * 128);
  CHECK(reserve(24 * kGiB, {4, 1}, 2048) == 4096 + 3 * 128 + 2 * (80 - 24));
  CHECK(reserve(80 * kGiB, {8, 1}, 8192) == 15'312);
  CHECK(reserve(80 * kGiB, {1, 1}, 8192, true) == 13'904 - 464 + 1536);
  CHECK(reserve(80 * kGiB, {1, 1}, 2048) == 10 * 1024);  // at least 10 GiB above 60 GiB
  CHECK(reserve(80 * kGiB, {1, 1, 8}, 8192) == 15'312 + 512 * 8 * 3 + 512 * 8 * 3 / 2);
  CHECK(sglang::default_static_fraction(kGiB, 2 * kGiB) == 0);
  CHECK(sglang::default_chunked_prefill(48 * kGiB) == 4096);
  CHECK(sglang::default_chunked_prefill(180 * kGiB) == 16'384);
}

TEST_CASE("SGLang: the cache is what the static share has beside the weights, worked by hand") {
  ServingLimits limits;
  limits.utilisation_ppm = 800'000;
  const Model llama = catalogued("meta-llama-3.1-8b");
  const EngineVerdict verdict = check(llama, {1, 1}, gpu_of(24 * kGiB), limits);
  CHECK(verdict.accepted);
  const StageMemory& stage = verdict.stages.at(0);
  CHECK(stage.weights == 16'060'522'496);
  // ceil(0.8 x (25,769,803,776 - 551,000,000)) - 16,060,522,496
  CHECK(stage.kv_available == 4'114'520'525);
  CHECK(stage.kv_per_token == 131'072);
  CHECK(stage.kv_per_sequence == 8192 * Bytes{131'072});
  CHECK(verdict.longest_context == 31'391);
  CHECK(verdict.full_sequences == 3);
  CHECK_FALSE(remarks_on(verdict, "sglang.static-fraction", Remark::Kind::unverified));
  limits.utilisation_ppm = 834'000;
  CHECK(remarks_on(check(llama, {1, 1}, gpu_of(24 * kGiB), limits), "sglang.static-fraction",
                   Remark::Kind::unverified));
}

TEST_CASE("SGLang: it refuses without a cache, and not with one too small for a sequence") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  ServingLimits limits;
  limits.utilisation_ppm = 636'848;
  EngineVerdict verdict = check(llama, {1, 1}, gpu_of(24 * kGiB), limits);
  CHECK(verdict.accepted);
  CHECK(verdict.stages[0].kv_available > 0);
  CHECK(verdict.full_sequences == 0);
  CHECK(remarks_on(verdict, "sglang.max-length"));
  limits.utilisation_ppm = 636'846;
  verdict = check(llama, {1, 1}, gpu_of(24 * kGiB), limits);
  CHECK(refused_by(verdict) == "sglang.no-cache-memory");
  CHECK(verdict.refusal.phase == Refusal::Phase::memory);
  CHECK(verdict.stages.size() == 1);
}

TEST_CASE("SGLang: under data parallel attention MLPs are cut over all ranks") {
  const Model model = easy_experts();
  const auto weights = [&](const Model& m, ParallelPlan plan) {
    return sglang::rank_weights(m, plan, {0, 1, 0, 4}, false).total;
  };
  CHECK(weights(model, {4, 1}) == stage_weights(model, {4, 4, 1, 64}, {0, 1, 0, 4}, false).total);
  Model attention = model;
  attention.text.kinds[0].mlp = std::monostate{};
  const Bytes mlps_of_four = weights(model, {4, 1}) - weights(attention, {4, 1});
  CHECK(weights(model, {1, 1, 4}) == weights(attention, {1, 1}) + mlps_of_four);
  // Whole experts and slices of all of them are as much.
  CHECK(weights(model, {1, 1, 4, true}) == weights(model, {1, 1, 4}));
  CHECK(remarks_on(engine().check_shape(model, {1, 1, 4}), "sglang.dp-attention"));
}

TEST_CASE("SGLang: sliding and state layers are remarked on") {
  CHECK(remarks_on(check(catalogued("gemma-3-27b-it"), {1, 1}, gpu_of(80 * kGiB)),
                   "sglang.sliding-window"));
  Model model = easy_model();
  model.text.kinds[0].mixer = Mamba2{8, 8, 8, 8, 4};
  CHECK(remarks_on(check(model, {1, 1}, gpu_of(80 * kGiB)), "sglang.state-layers"));
}

TEST_CASE("SGLang: commands") {
  const Model model = easy_experts();
  ServingLimits limits;
  CHECK(engine().command(model, {{1, 1}, limits}) ==
        "python -m sglang.launch_server --model-path maker/easy --context-length 8192 "
        "--max-running-requests 16 --chunked-prefill-size 2048 --mem-fraction-static 0.92");
  limits.kv_cache = KvCacheType::fp8;
  CHECK(engine().command(model, {{2, 2, 4, true}, limits}) ==
        "python -m sglang.launch_server --model-path maker/easy --tp-size 8 --pp-size 2 "
        "--disable-overlap-schedule --dp-size 4 --enable-dp-attention --ep-size 8 "
        "--context-length 8192 --max-running-requests 16 --chunked-prefill-size 8192 "
        "--mem-fraction-static 0.92 --kv-cache-dtype fp8_e4m3");
}

TEST_CASE("SGLang: what it answers is listed, and absurd input does no harm") {
  check_lists_its_rules(engine());
  check_survives_absurd_limits(engine());
  CHECK_THROWS_AS(engine().check_shape(easy_model(), {1, 1, 0}), Fault);
}
