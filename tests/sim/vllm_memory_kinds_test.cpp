// The memory budget of experts, latent attention, state-space layers and padded weights, by hand.

#include "sim/engine/engine.hpp"
#include "sim/engine/vllm.hpp"
#include "tests/models.hpp"
#include "tests/sim/vllm_models.hpp"
#include "tests/support.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;

namespace {

GpuType gpu_of(int capability, Bytes memory = 80 * kGiB) {
  GpuType gpu;
  gpu.memory = memory;
  gpu.compute_capability = capability;
  return gpu;
}

Bytes weights(const Model& model, ParallelPlan plan, int capability = 90) {
  return vllm::rank_weights(model, plan, gpu_of(capability), {0, 1, 0, model.text.layers()}, false)
      .total;
}

Bytes sequence(const Model& model, int tp, std::int64_t context, std::int64_t batched = 2048) {
  const auto groups = cache_groups(model, 0, model.text.layers(), tp, KvCacheType::model);
  return vllm::kv_bytes_per_sequence(groups, context, batched, vllm::cache_pool(groups, true));
}

}  // namespace

TEST_CASE("weights of Mixtral 8x7B at TP 2, by hand") {
  const Bytes attention = 2 * (16 * 128 * 4096) + 2 * (4 * 128 * 4096);  // q, o, k, v of a rank
  const Bytes experts = 8LL * 3 * 4096 * (14'336 / 2);
  const Bytes layer = attention + experts + 8 * 4096 + 2 * 4096;  // router and norms are whole
  const Bytes tables = 2LL * (32'000 / 2) * 4096;
  const Bytes all = 2 * (32 * layer + tables + 4096);
  CHECK(weights(mixtral_8x7b(), {2, 1}) == all);
  CHECK(all == 46'704'107'520);
  CHECK(weights(mixtral_8x7b(), {2, 1, 1, true}) == all);  // 4 whole experts, not 8 halves
  // Over 2 x 4 ranks an eighth of the experts each, and half of the rest.
  CHECK(weights(mixtral_8x7b(), {2, 1, 4}) == all - 2 * 32 * (experts / 4 * 3));
  // Three ranks hold 3, 3 and 2 experts.
  CHECK(weights(mixtral_8x7b(), {1, 1, 3, true}) ==
        weights(mixtral_8x7b(), {1, 1}) - 2 * 32 * 5LL * 3 * 4096 * 14'336);
}

TEST_CASE("experts work in more memory than a dense model") {
  const Bytes unit = 2LL * 8192 * 4096;
  CHECK(vllm::activation_bytes(mixtral_8x7b(), 1, 8192, {}) == 22 * unit);
  CHECK(vllm::activation_bytes(mixtral_8x7b(), 8, 8192, {}) == 10 * unit);
  CHECK(vllm::activation_bytes(deepseek_v3(), 8, 8192, {}) == 10 * (2LL * 8192 * 128 * 128));
}

TEST_CASE("weights of DeepSeek-V3 at TP 8, with experts cut and spread, by hand") {
  const Bytes whole = 7168LL * 1536 + 1536 + 7168LL * (512 + 64) + 512;  // latents and their norms
  const Bytes cut = 1536LL * 128 * 192 / 8 + 512LL * 128 * 256 / 8 + 128LL * 128 * 7168 / 8;
  const Bytes dense = 3LL * 7168 * 18'432 / 8;
  const Bytes experts = 256LL * 3 * 7168 * 2048 / 8;
  const Bytes beside = 256LL * 7168 + 256 + 3LL * 7168 * 2048 / 8;  // router, bias, shared expert
  const Bytes tables = 2LL * (129'280 / 8) * 7168 + 7168;
  const Bytes all =
      2 * (61 * (whole + cut + 2 * 7168) + 3 * dense + 58 * (experts + beside) + tables);
  CHECK(weights(deepseek_v3(), {8, 1}) == all);
  CHECK(weights(deepseek_v3(), {8, 1, 1, true}) == all);
  // 256 experts over 24 ranks: the fullest hold 11 of them, whole.
  CHECK(weights(deepseek_v3(), {8, 1, 3, true}) ==
        all - 2 * 58 * (experts - 11LL * 3 * 7168 * 2048));
}

TEST_CASE("quantized latent attention keeps its absorbed projections in bf16 beside") {
  const auto fp8 = [](std::int64_t out, std::int64_t in) {
    return out * in + 4 * ((out + 127) / 128) * ((in + 127) / 128);
  };
  const Bytes latent = fp8(1536, 7168) + fp8(576, 7168) + 2 * (1536 + 512);
  const Bytes cut = fp8(128 * 192 / 8, 1536) + fp8(128 * 256 / 8, 512) + fp8(7168, 128 * 128 / 8);
  const Bytes absorbed = 2 * 512LL * 128 * 256 / 8;
  const Bytes dense = 2 * fp8(18'432 / 8, 7168) + fp8(7168, 18'432 / 8);
  const Bytes experts = 256 * (fp8(2 * 2048 / 8, 7168) + fp8(7168, 2048 / 8));
  const Bytes shared = 2 * fp8(2048 / 8, 7168) + fp8(7168, 2048 / 8);
  const Bytes router = 2 * (256LL * 7168 + 256);
  const Bytes tables = 2 * (2LL * (129'280 / 8) * 7168 + 7168);
  CHECK(weights(deepseek_v3_fp8(), {8, 1}) == 61 * (latent + cut + absorbed + 2 * 2 * 7168) +
                                                  3 * dense + 58 * (experts + shared + router) +
                                                  tables);
  CHECK(absorbed == 4'194'304);
}

TEST_CASE("a latent cache is not cut by tensor parallelism") {
  for (const int tp : {1, 2, 4, 8, 16}) CHECK(sequence(deepseek_v3(), tp, 16) == 16 * 70'272);
  const EngineVerdict verdict =
      require_value(make_engine("vllm", {}))->check(deepseek_v3_fp8(), {16, 1}, gpu_of(90), {});
  REQUIRE(verdict.accepted);
  CHECK(verdict.stages[0].kv_per_token == 70'272);
  Model sparse = deepseek_v3_fp8();
  for (LayerKind& kind : sparse.text.kinds) kind.attention()->indexer_cache = 132;
  ServingLimits limits;
  limits.kv_cache = KvCacheType::fp8;
  const EngineVerdict packed =
      require_value(make_engine("vllm", {}))->check(sparse, {16, 1}, gpu_of(90), limits);
  CHECK(packed.stages[0].kv_per_token == 61 * (656 + 132));
}

TEST_CASE("one state of a gated delta net costs one page of the attention cache") {
  const Model model = qwen3_next();
  const Bytes state = (2 * 128 * 16 + 128 * 32) * 3 * 2 + 32 * 128 * 128 * 4;
  const Bytes token = 2 * 2 * 256 * 2;
  CHECK(state == 2'146'304);
  // 65.5 pages of 16 tokens hold a state: blocks of 66 x 16 tokens.
  const auto groups = cache_groups(model, 0, 48, 1, KvCacheType::model);
  const vllm::CachePool pool = vllm::cache_pool(groups, true);
  CHECK(pool.block_tokens == 1056);
  CHECK(pool.state_page == 1056 * token);
  // 12 attention layers in one group, 36 states in three.
  CHECK(sequence(model, 1, 8192) == 12 * (1056 * token) * (8 + 3));
  CHECK(sequence(model, 1, 1) == 12 * (1056 * token) * (1 + 3));
  // At TP 8 a rank has one KV head, 1 KiB a token, and 262 KiB of state: 17 x 16 tokens.
  CHECK(vllm::cache_pool(cache_groups(model, 0, 48, 8, KvCacheType::model), true).block_tokens ==
        272);
  CHECK(sequence(model, 8, 8192) == 12LL * 272 * 1024 * (31 + 3));
}

TEST_CASE("a model of states alone needs one for each layer") {
  Model model = nemotron3_super();
  model.text.kind_of_layer.assign(4, 0);
  const Bytes state = (128 * 64 + 2 * 8 * 128) * 3 * 2 + 128 * 64 * 128 * 4;
  CHECK(sequence(model, 1, 8192) == 4 * state);
  CHECK(sequence(model, 1, 1) == 4 * state);
  auto& mamba = std::get<Mamba2>(model.text.kinds[0].mixer);
  mamba.groups = 1;  // every rank has it
  CHECK(sequence(model, 8, 1) ==
        4 * ((128 * 64 + 2 * 8 * 128) / 8 * 3 * 2 + 128 / 8 * 64 * 128 * 4));
}

TEST_CASE("MXFP4 experts are padded to what the kernel of the GPU takes") {
  const Model model = gpt_oss_120b();
  const auto matrix = [](std::int64_t out, std::int64_t in) {
    return out * in / 2 + out * in / 32;
  };
  struct Row {
    int capability;
    std::int64_t width, hidden;
  };
  const auto experts = [&](std::int64_t width, std::int64_t hidden) {
    return 36 * 128 *
           (matrix(2 * width, hidden) + matrix(hidden, width) + 2 * (2 * width + hidden));
  };
  const Bytes beside = weights(model, {8, 1}, 80) - experts(384, 3072);
  CHECK(weights(model, {8, 1}, 86) == beside + experts(384, 3072));   // Marlin
  CHECK(weights(model, {8, 1}, 120) == beside + experts(384, 3072));  // Marlin
  CHECK(weights(model, {8, 1}, 90) == beside + experts(384, 2880));   // Triton
  CHECK(weights(model, {8, 1}, 100) == beside + experts(512, 3072));  // FlashInfer
  // 384 x 3072 stands for 360 x 2880: 14 % more.
  CHECK(static_cast<double>(matrix(384, 3072)) / static_cast<double>(matrix(360, 2880)) ==
        Approx(1.1378).margin(0.0001));
  // What is not padded: attention with sinks and biases, router, norms, tables.
  const Bytes attention = 2 * (8 * 64 * 2880) + 2 * (64 * 2880) + 8 * 64 + 2 * 64 + 2880 + 8;
  const Bytes router = 128 * 2880 + 128;
  CHECK(beside == 2 * (36 * (attention + router + 2 * 2880) + 2LL * (201'088 / 8) * 2880 + 2880));
}

TEST_CASE("chunked attention keeps one chunk and one step") {
  const Model model = llama4_scout();
  const Bytes page = 16 * 2 * 8 * 128 * 2;
  // 12 full layers and 36 chunked ones: groups of 12.
  CHECK(sequence(model, 1, 65'536) == 12 * page * (4096 + 3 * (8192 + 2048) / 16));
  CHECK(sequence(model, 1, 4096) == 48 * page * 256);
  // v0.10 charges them as full.
  ServingLimits limits;
  limits.context = 65'536;
  const auto kv = [&](const char* engine) {
    return require_value(make_engine(engine, {}))
        ->check(model, {8, 1}, gpu_of(90), limits)
        .stages[0]
        .kv_per_sequence;
  };
  CHECK(kv("vllm@0.10") == 48 * page / 8 * 4096);
  CHECK(kv("vllm") == 12 * page / 8 * (4096 + 3 * 640));
}

TEST_CASE("the reserve for CUDA graphs is subtracted from v0.21 on") {
  MemoryOverheads overheads;
  overheads.cuda_graphs = kGiB;
  const auto left = [&](const char* engine) {
    return require_value(make_engine(engine, overheads))
        ->check(mixtral_8x7b(), {2, 1}, gpu_of(90), {})
        .stages[0]
        .kv_available;
  };
  CHECK(left("vllm@0.10") - left("vllm") == kGiB);
}

TEST_CASE("row parallel layers of act-order GPTQ keep the scales of all groups") {
  Model model;
  model.architecture = "DenseForCausalLM";
  model.text = dense_decoder({2, 4096, 32, 8, 128, 8192, 64'000});
  model.quantization = int4(Quantization::Scheme::gptq, 128);
  const Bytes plain = weights(model, {4, 1});
  model.quantization.act_order = true;
  // o_proj has 32 groups and down_proj 64, of which a rank keeps the scales of three quarters more.
  CHECK(weights(model, {4, 1}) - plain == 2 * (24 + 48) * 4096 * 2);
}

TEST_CASE("sizes of one deployment are counted over stages and replicas") {
  const EngineVerdict verdict = require_value(make_engine("vllm", {}))
                                    ->check(deepseek_v3_fp8(), {8, 2, 2, true}, gpu_of(90), {});
  REQUIRE(verdict.stages.size() == 2);
  CHECK(verdict.stages[0].layers == 31);  // the last stage never has one more
  CHECK(verdict.stages[1].layers == 30);
  CHECK(verdict.stages[0].kv_per_token == 31 * 1152);
  CHECK(ParallelPlan{8, 2, 2, true}.gpus() == 32);
}

TEST_CASE("cache blocks that do not divide are remarked") {
  Model model = gpt_oss_120b();
  const auto remarked = [&] {
    const EngineVerdict verdict =
        require_value(make_engine("vllm", {}))->check(model, {2, 1}, gpu_of(90), {});
    return std::any_of(verdict.remarks.begin(), verdict.remarks.end(),
                       [](const Remark& remark) { return remark.rule == "vllm.cache-layout"; });
  };
  CHECK_FALSE(remarked());
  attention_of(model, 1).head_dim = 128;  // twice the page: blocks of twice the tokens
  CHECK_FALSE(remarked());
  attention_of(model, 1).head_dim = 96;
  CHECK(remarked());
}

TEST_CASE("the command that starts a deployment") {
  Model model = qwen3_235b();
  ServingLimits limits;
  limits.encoder_data_parallel = true;
  limits.kv_cache = KvCacheType::fp8;
  const auto command = [&](const char* engine, ParallelPlan plan) {
    return require_value(make_engine(engine, {}))->command(model, {plan, limits});
  };
  CHECK(command("vllm", {8, 2, 3, true}) ==
        "vllm serve Qwen/Qwen3-235B-A22B --tensor-parallel-size 8 --pipeline-parallel-size 2 "
        "--data-parallel-size 3 --enable-expert-parallel --max-model-len 8192 --max-num-seqs 16 "
        "--max-num-batched-tokens 2048 --gpu-memory-utilization 0.92 --kv-cache-dtype fp8");
  model.vision = VisionArch{24, 1024, 16, 4096, 1'000'000, true};
  CHECK(command("vllm", {1, 1}).ends_with(" --mm-encoder-tp-mode data"));
  CHECK(command("vllm@0.10", {1, 1}).ends_with(" --enable-multimodal-encoder-data-parallel"));
}
