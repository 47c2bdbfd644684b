// How llama.cpp spreads layers or cuts tensors, and what its devices hold.

#include "sim/engine/llama_cpp.hpp"

#include "sim/core/assert.hpp"
#include "tests/sim/engine_support.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

const EngineRules& engine() {
  static const auto kEngine = engine_named("llama.cpp");
  return *kEngine;
}

std::string shape(const Model& model, ParallelPlan plan) {
  return refused_by(engine().check_shape(model, plan));
}

EngineVerdict check(const Model& model, ParallelPlan plan, Bytes gpu,
                    const ServingLimits& limits = {}) {
  return engine().check(model, plan, gpu_of(gpu), limits);
}

Bytes sum_of_weights(const EngineVerdict& verdict) {
  Bytes sum = 0;
  for (const StageMemory& stage : verdict.stages) sum += stage.weights;
  return sum;
}

}  // namespace

TEST_CASE("llama.cpp: layers follow the shares, the output layer counts as one more") {
  using Numbers = std::vector<std::int64_t>;
  CHECK(llama_cpp::layers_by_share(62, {1, 1, 1}) == Numbers{21, 21, 20});
  CHECK(llama_cpp::output_device(62, {1, 1, 1}) == 2);
  // 63 layers over 24, 24 and 48 GiB: bounds at 15.75, 31.5 and 63.
  CHECK(llama_cpp::layers_by_share(62, {24, 24, 48}) == Numbers{16, 16, 30});
  CHECK(llama_cpp::layers_by_share(62, {24 * kGiB, 24 * kGiB, 48 * kGiB}) == Numbers{16, 16, 30});
  CHECK(llama_cpp::layers_by_share(62, {0, 1, 0}) == Numbers{0, 62, 0});
  CHECK(llama_cpp::output_device(62, {0, 1, 0}) == 1);
  CHECK(llama_cpp::layers_by_share(62, {1}) == Numbers{62});
  // Five layers with the output over eight devices: bounds at multiples of 5 / 8.
  CHECK(llama_cpp::layers_by_share(4, Numbers(8, 1)) == Numbers{1, 1, 0, 1, 1, 0, 0, 0});
  CHECK(llama_cpp::output_device(4, Numbers(8, 1)) == 6);
}

TEST_CASE("llama.cpp: layers spread over any number of devices") {
  Model model = easy_model();
  attention_of(model).heads = attention_of(model).kv_heads = 7;
  for (int devices = 1; devices <= 9; ++devices) CHECK(shape(model, {1, devices}).empty());
  CHECK_FALSE(remarks_on(engine().check_shape(model, {1, 4}), "llama.cpp.idle-devices",
                         Remark::Kind::unverified));
  CHECK(remarks_on(engine().check_shape(model, {1, 8}), "llama.cpp.idle-devices",
                   Remark::Kind::unverified));
}

TEST_CASE("llama.cpp: one split mode, and no data or expert parallelism") {
  CHECK(shape(easy_model(), {2, 2}) == "llama.cpp.split-mode");
  CHECK(shape(easy_model(), {1, 1, 2}) == "llama.cpp.split-mode");
  CHECK(shape(easy_experts(), {2, 1, 1, true}) == "llama.cpp.split-mode");
  CHECK(shape(easy_experts(), {2, 1}).empty());
}

TEST_CASE("llama.cpp: tensors of some architectures are not cut") {
  Model model = easy_model();
  for (const char* type : {"mpt",         "grok-1",     "deepseek_v3",      "glm_moe_dsa", "olmo2",
                           "olmoe",       "minimax_m2", "gemma3n_text",     "mamba2",      "jamba",
                           "falcon_h1",   "nemotron_h", "granitemoehybrid", "lfm2",        "plamo2",
                           "kimi_linear", "minicpm3",   "mistral4",         "bitnet",      "t5"}) {
    model.model_type = type;
    INFO(type);
    CHECK(shape(model, {2, 1}) == "llama.cpp.arch");
    CHECK(shape(model, {1, 2}).empty());
  }
  model.model_type = "llama";
  const EngineVerdict verdict = engine().check_shape(model, {2, 1});
  CHECK(verdict.accepted);
  CHECK(remarks_on(verdict, "llama.cpp.tensor-mode", Remark::Kind::unverified));
}

TEST_CASE("llama.cpp: cut tensors are whole groups of heads") {
  Model model = easy_model();
  attention_of(model).heads = 7;
  attention_of(model).kv_heads = 2;
  CHECK(shape(model, {1, 2}).empty());
  const EngineVerdict verdict = engine().check_shape(model, {2, 1});
  CHECK(refused_by(verdict) == "llama.cpp.granularity");
  CHECK(verdict.refusal.sentence ==
        "56 rows of the query projection are not whole groups of 24 (56 mod 24 = 8)");
  attention_of(model).heads = 6;
  CHECK(shape(model, {2, 1}).empty());
  CHECK(shape(model, {3, 1}).empty());
}

TEST_CASE("llama.cpp: fewer KV heads than devices leave devices without attention work") {
  Model model = easy_model();
  attention_of(model).kv_heads = 4;
  const auto idle = [&](int devices) {
    return remarks_on(engine().check_shape(model, {devices, 1}), "llama.cpp.idle-devices",
                      Remark::Kind::unverified);
  };
  CHECK_FALSE(idle(4));
  CHECK(idle(5));
}

TEST_CASE("llama.cpp: the fullest device has the most groups of heads") {
  Model model = easy_model();
  attention_of(model).heads = 16;
  attention_of(model).kv_heads = 8;
  const Model padded = llama_cpp::padded_to_devices(model, 3);
  CHECK(padded.text.kv_heads() == 9);
  CHECK(padded.text.heads() == 18);
  CHECK(llama_cpp::padded_to_devices(model, 4).text.kv_heads() == 8);
  // Three of eight KV heads, keys and values of 8 in two bytes, in four layers.
  CHECK(check(model, {3, 1}, kGiB).stages.at(0).kv_per_token == 4 * 3 * 2 * 8 * 2);
}

TEST_CASE("llama.cpp: the embedding stays on the CPU, a tied table is on the last device") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  const Bytes table = Bytes{128'256} * 4096 * 2;
  CHECK(sum_of_weights(check(llama, {1, 1}, 80 * kGiB)) == weight_bytes(llama) - table);
  CHECK(sum_of_weights(check(llama, {1, 3}, 80 * kGiB)) == weight_bytes(llama) - table);
  const Model gemma = catalogued("gemma-2-27b-it");
  CHECK(sum_of_weights(check(gemma, {1, 3}, 80 * kGiB)) == weight_bytes(gemma));
  const EngineVerdict verdict = check(llama, {1, 3}, 80 * kGiB);
  CHECK(verdict.stages[0].layers == 11);
  CHECK(verdict.stages[2].layers == 10);
  CHECK(verdict.stages[0].weights == 11 * 2 * layer_parameters(llama.text, llama.text.kinds[0]));
  CHECK(verdict.stages[2].kv_per_token == 10 * Bytes{4096});
}

TEST_CASE("llama.cpp: quantized checkpoints count as they are stored") {
  Model model = catalogued("meta-llama-3.1-8b");
  const Bytes plain = sum_of_weights(check(model, {1, 1}, 80 * kGiB));
  model.quantization.scheme = Quantization::Scheme::fp8_tensor;
  model.quantization.bits = 8;
  const EngineVerdict verdict = check(model, {1, 1}, 80 * kGiB);
  const Bytes saved = weight_bytes(catalogued("meta-llama-3.1-8b")) - weight_bytes(model);
  CHECK(saved > 0);
  CHECK(plain - sum_of_weights(verdict) == saved);
  CHECK(remarks_on(verdict, "llama.cpp.gguf"));
}

TEST_CASE("llama.cpp: the vision tower is on the first device, whole") {
  const Model gemma = catalogued("gemma-3-27b-it");
  Model text = gemma;
  text.vision.reset();
  const EngineVerdict with = check(gemma, {1, 3}, 80 * kGiB);
  const EngineVerdict without = check(text, {1, 3}, 80 * kGiB);
  CHECK(with.stages[0].weights - without.stages[0].weights == 2 * gemma.vision->parameters);
  CHECK(with.stages[1].weights == without.stages[1].weights);
  CHECK(remarks_on(with, "llama.cpp.vision"));
}

TEST_CASE("llama.cpp: a cache in fewer bits is q8_0, and not for cut tensors") {
  const Model model = easy_model();
  ServingLimits limits;
  limits.kv_cache = KvCacheType::fp8;
  const EngineVerdict spread = check(model, {1, 2}, 4 * kGiB, limits);
  CHECK(remarks_on(spread, "llama.cpp.cache-type", Remark::Kind::fallback));
  // 840 heads of 8 in three layers, keys and values: 40,320 values in blocks of 32 to 34 bytes.
  CHECK(spread.stages.at(0).kv_per_token == 3 * 2 * 840 * 8 * 34 / 32);
  const EngineVerdict cut = check(model, {2, 1}, 4 * kGiB, limits);
  CHECK(refused_by(cut) == "llama.cpp.cache-type");
  CHECK(cut.refusal.sentence == "a cache in fewer bits cannot be cut over 2 devices");
  CHECK(check(model, {2, 1}, 4 * kGiB).accepted);
}

TEST_CASE("llama.cpp: the cache is allocated at start, so a sequence must fit") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  const Bytes table = Bytes{128'256} * 4096 * 2;
  const Bytes fixed = weight_bytes(llama) - table + 184'549'376 + 551'000'000;
  const Bytes sequence = 8192 * Bytes{131'072};
  ServingLimits limits;
  limits.utilisation_ppm = 1'000'000;
  EngineVerdict verdict = check(llama, {1, 1}, fixed + sequence, limits);
  CHECK(verdict.accepted);
  CHECK(verdict.full_sequences == 1);
  CHECK(verdict.longest_context == 8192);
  verdict = check(llama, {1, 1}, fixed + sequence - 1, limits);
  CHECK(refused_by(verdict) == "llama.cpp.max-length");
  CHECK(verdict.refusal.sentence.find("one sequence of 8192 tokens needs 1.00 GiB") == 0);
  CHECK(verdict.longest_context == 8191);
  CHECK(refused_by(check(llama, {1, 1}, fixed, limits)) == "llama.cpp.no-cache-memory");
}

TEST_CASE("llama.cpp: old GPUs depend on the build") {
  const EngineVerdict verdict = engine().check(easy_model(), {1, 1}, gpu_of(4 * kGiB, 60), {});
  CHECK(verdict.accepted);
  CHECK(remarks_on(verdict, "llama.cpp.capability", Remark::Kind::unverified));
}

TEST_CASE("llama.cpp: commands") {
  ServingLimits limits;
  const Model model = easy_model();
  CHECK(engine().command(model, {{1, 1}, limits}) ==
        "llama-server -m easy.gguf -ngl all -sm none -c 8192 -np 16 --kv-unified -b 2048 -ub 2048 "
        "-ctk bf16 -ctv bf16");
  CHECK(engine().command(model, {{3, 1}, limits}) ==
        "llama-server -m easy.gguf -ngl all -sm tensor -ts 1,1,1 -c 8192 -np 16 --kv-unified -b "
        "2048 -ub 2048 -fa on -ctk bf16 -ctv bf16");
  limits.kv_cache = KvCacheType::fp8;
  CHECK(engine().command(model, {{1, 2}, limits}) ==
        "llama-server -m easy.gguf -ngl all -sm layer -ts 1,1 -c 8192 -np 16 --kv-unified -b 2048 "
        "-ub 2048 -fa on -ctk q8_0 -ctv q8_0");
}

TEST_CASE("llama.cpp: what it answers is listed, and absurd input does no harm") {
  check_lists_its_rules(engine());
  check_survives_absurd_limits(engine());
  CHECK_THROWS_AS(engine().check_shape(easy_model(), {1, 0}), Fault);
}
