// Compressed caches, and checkpoints that ask for an fp8 cache.

#include "sim/engine/kv_cache.hpp"
#include "sim/engine/stage_budget.hpp"
#include "sim/engine/vllm.hpp"
#include "tests/sim/engine_support.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

/// Attention of DeepSeek-V4: a latent of 448 + 64 values, a window of 128 tokens.
Attention direct(std::int64_t ratio) {
  Attention a;
  a.heads = 64;
  a.kv_heads = 1;
  a.head_dim = 512;
  a.latent = LatentAttention{1024, 448, 448, 64, 512, true, 8, 1024};
  a.window = 128;
  a.cache_ratio = ratio;
  if (ratio == 1) a.reach = Attention::Reach::sliding;
  if (ratio == 4) a.indexer_cache = 132;
  return a;
}

LayerCache cache(std::int64_t ratio, KvCacheType type, SparseLatent latent = SparseLatent::packed) {
  LayerKind kind;
  kind.mixer = direct(ratio);
  return layer_cache(kind, 8, 2, type, latent);
}

}  // namespace

TEST_CASE("a compressed cache has one entry for several tokens") {
  constexpr auto kFp8 = KvCacheType::fp8;
  CHECK(cache(1, kFp8).bytes_per_token == 584);
  CHECK(cache(4, kFp8).bytes_per_token == (584 + 132) / 4);
  CHECK(cache(128, kFp8).bytes_per_token == 5);  // 4.6, rounded up
  CHECK(cache(4, KvCacheType::model).bytes_per_token == (1024 + 132) / 4);
  CHECK(cache(4, kFp8, SparseLatent::plain).bytes_per_token == (512 + 132) / 4);
  CHECK(cache(4, kFp8).reach == Attention::Reach::full);
}

TEST_CASE("a window of whole entries stands beside a compressed cache") {
  Model model = easy_model();
  model.text.kinds[0].mixer = direct(4);
  const auto groups = cache_groups(model, 0, 4, 1, KvCacheType::fp8, SparseLatent::packed);
  REQUIRE(groups.size() == 2);
  CHECK(groups[1].layers == 4);
  CHECK(groups[1].cache.reach == Attention::Reach::sliding);
  CHECK(groups[1].cache.bytes_per_token == 584);
  // Blocks of 16 entries, one size for both: 64 tokens of one cache, 16 of the other.
  const vllm::CachePool pool = vllm::cache_pool(groups, true);
  CHECK(vllm::kv_bytes_per_sequence(groups, 6400, 2048, pool) ==
        4 * (16 * 716) * (100 + (127 + 2048 + 15) / 16 + 1));
  CHECK(sequence_cost(groups).per_token == 4 * 179);
  CHECK(sequence_cost(groups).once == 4 * 128 * 584);
  model.text.kinds[0].mixer = direct(1);
  CHECK(cache_groups(model, 0, 4, 1, KvCacheType::fp8, SparseLatent::packed).size() == 1);
}

TEST_CASE("a checkpoint with an fp8 cache scheme") {
  Model model = easy_model();
  const auto check = [&](const char* engine) {
    return engine_named(engine)->check(model, {1, 1}, gpu_of(24 * kGiB), {});
  };
  const Bytes plain = check("vllm").stages.at(0).kv_per_token;
  model.kv_cache_scheme = "fp8";
  const EngineVerdict now = check("vllm");
  CHECK(now.stages.at(0).kv_per_token * 2 == plain);
  CHECK(remarks_on(now, "vllm.cache-scheme", Remark::Kind::fallback));
  const EngineVerdict before = check("vllm@0.10");
  CHECK(before.stages.at(0).kv_per_token == plain);
  CHECK(remarks_on(before, "vllm.cache-scheme"));
  CHECK(remarks_on(check("sglang"), "sglang.cache-scheme"));
  CHECK(check("sglang").stages.at(0).kv_per_token * 2 == plain);
  model.quantization.method = "modelopt";
  CHECK(remarks_on(check("sglang"), "sglang.cache-scheme", Remark::Kind::fallback));
  CHECK(remarks_on(check("tensorrt-llm"), "tensorrt-llm.cache-scheme", Remark::Kind::fallback));
  CHECK(check("tensorrt-llm").stages.at(0).kv_per_token * 2 == plain);
  // A GGUF file has no such scheme, and the command names the type.
  CHECK(check("llama.cpp").stages.at(0).kv_per_token == plain);
}

TEST_CASE("the cache type that counts is one for memory and for speed") {
  Model model = easy_model();
  CHECK(effective_cache_type(model, KvCacheType::model) == KvCacheType::model);
  CHECK(effective_cache_type(model, KvCacheType::fp8) == KvCacheType::fp8);
  model.kv_cache_scheme = "fp8";
  CHECK(effective_cache_type(model, KvCacheType::model) == KvCacheType::fp8);
}

TEST_CASE("DeepSeek-V4 has its cache in fp8, and the command asks for it") {
  Model model = easy_model();
  model.model_type = "deepseek_v4";
  ServingLimits limits;
  const auto check = [&](const char* engine) {
    return engine_named(engine)->check(model, {1, 1}, gpu_of(24 * kGiB), limits);
  };
  const auto command = [&](const char* engine) {
    return engine_named(engine)->command(model, {{1, 1}, limits});
  };
  const EngineVerdict unasked = check("vllm");
  CHECK(remarks_on(unasked, "vllm.fp8-cache-alone", Remark::Kind::fallback));
  CHECK(command("vllm").ends_with(" --kv-cache-dtype fp8"));
  CHECK_FALSE(command("vllm@0.10").ends_with(" --kv-cache-dtype fp8"));
  CHECK(remarks_on(check("sglang"), "sglang.cache-scheme", Remark::Kind::fallback));
  CHECK(remarks_on(check("tensorrt-llm"), "tensorrt-llm.cache-scheme"));
  limits.kv_cache = KvCacheType::fp8;
  CHECK(check("vllm").stages.at(0).kv_per_token == unasked.stages.at(0).kv_per_token);
  CHECK(check("vllm").remarks.empty());
}
