// What vLLM asks of a GPU beside its memory, and in which data type it serves a model there.

#include "sim/engine/engine.hpp"
#include "tests/models.hpp"
#include "tests/sim/vllm_models.hpp"
#include "tests/support.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;
using Scheme = Quantization::Scheme;

namespace {

Model dense() {
  Model model;
  model.architecture = "DenseForCausalLM";
  model.text = dense_decoder({2, 1024, 16, 8, 64, 4096, 64'000});
  return model;
}

Model quantized(Scheme scheme, std::string method) {
  Model model = dense();
  model.quantization.scheme = scheme;
  model.quantization.method = std::move(method);
  model.quantization.bits = 8;
  model.quantization.block_out = model.quantization.block_in = 128;
  return model;
}

EngineVerdict check(const Model& model, int capability, const char* engine = "vllm",
                    const ServingLimits& limits = {}) {
  GpuType gpu;
  gpu.memory = 24 * kGiB;
  gpu.compute_capability = capability;
  return require_value(make_engine(engine, {}))->check(model, {1, 1}, gpu, limits);
}

std::string refused_by(const Model& model, int capability, const char* engine = "vllm") {
  const EngineVerdict verdict = check(model, capability, engine);
  return verdict.accepted ? "" : verdict.refusal.rule;
}

/// Kind of the remark of this id, or -1.
int kind_of(const EngineVerdict& verdict, std::string_view rule) {
  for (const Remark& remark : verdict.remarks) {
    if (remark.rule == rule) return static_cast<int>(remark.kind);
  }
  return -1;
}

constexpr int kUnknown = static_cast<int>(Remark::Kind::unknown);
constexpr int kFallback = static_cast<int>(Remark::Kind::fallback);

}  // namespace

TEST_CASE("GPUs below the floor are refused, later ones and unknown ones are not") {
  CHECK(refused_by(dense(), 70) == "vllm.capability");
  CHECK(check(dense(), 70).refusal.sentence ==
        "the engine is built for compute capability 7.5 on, and the GPU has 7.0");
  CHECK(refused_by(dense(), 75).empty());
  CHECK(refused_by(dense(), 60, "vllm@0.10") == "vllm.capability");
  CHECK(refused_by(dense(), 70, "vllm@0.10").empty());
  for (const int known : {0, 80, 90, 120}) CHECK(check(dense(), known).remarks.empty());
}

TEST_CASE("bf16 becomes fp16 on a GPU without it") {
  const EngineVerdict verdict = check(dense(), 75);
  REQUIRE(verdict.accepted);
  CHECK(kind_of(verdict, "vllm.data-type") == kFallback);
  CHECK(kind_of(verdict, "vllm.attention-backend") == kUnknown);
  CHECK(verdict.stages[0].weights == check(dense(), 80).stages[0].weights);
  CHECK(verdict.stages[0].kv_per_sequence == check(dense(), 80).stages[0].kv_per_sequence);
  CHECK(verdict.remarks[0].sentence ==
        "the checkpoint's bfloat16 is served in float16: compute capability 7.5 has no bfloat16");
  Model half = dense();
  half.dtype = "float16";
  CHECK(kind_of(check(half, 75), "vllm.data-type") == -1);
}

TEST_CASE("a model that may not run in fp16 doubles without bf16") {
  Model gemma = dense();
  gemma.model_type = "gemma3";
  const EngineVerdict wide = check(gemma, 75);
  const EngineVerdict usual = check(gemma, 80);
  REQUIRE(wide.accepted);
  CHECK(kind_of(wide, "vllm.data-type") == kFallback);
  CHECK(wide.stages[0].weights == 2 * usual.stages[0].weights);
  CHECK(wide.stages[0].kv_per_sequence == 2 * usual.stages[0].kv_per_sequence);
  gemma.quantization = int4(Scheme::awq, 128);
  CHECK(refused_by(gemma, 75) == "vllm.quantization-type");
  CHECK(refused_by(gemma, 80).empty());
  gemma.quantization = {};
  gemma.dtype = "float16";
  CHECK(kind_of(check(gemma, 80), "vllm.data-type") == kFallback);  // to bf16
}

TEST_CASE("a float32 checkpoint is served in 16 bits") {
  Model model = dense();
  model.dtype = "float32";
  model.dtype_bytes = 4;
  const EngineVerdict verdict = check(model, 80);
  CHECK(kind_of(verdict, "vllm.data-type") == kFallback);
  CHECK(verdict.stages[0].weights == check(dense(), 80).stages[0].weights);
}

TEST_CASE("methods of quantization need a compute capability") {
  struct Row {
    Scheme scheme;
    const char* method;
    int since;
    int since_v0_10;
  };
  // The floor of v0.21 is 7.5, that of v0.10 is 7.0.
  const Row rows[] = {
      {Scheme::fp8_block, "fp8", 75, 80},
      {Scheme::fp8_tensor, "compressed-tensors", 75, 80},
      {Scheme::int8_channel, "compressed-tensors", 75, 75},
      {Scheme::nvfp4, "compressed-tensors", 75, 80},
      {Scheme::nvfp4, "modelopt", 75, 80},
      {Scheme::fp8_tensor, "modelopt", 80, 89},
      {Scheme::bnb_8bit, "bitsandbytes", 75, 70},
  };
  for (const Row& row : rows) {
    const Model model = quantized(row.scheme, row.method);
    INFO(row.method << " " << static_cast<int>(row.scheme));
    for (const int capability : {70, 75, 80, 86, 89, 90, 100}) {
      INFO(capability);
      CHECK(refused_by(model, capability).empty() == (capability >= row.since));
      CHECK(refused_by(model, capability, "vllm@0.10").empty() == (capability >= row.since_v0_10));
    }
    CHECK(kind_of(check(model, 0), "vllm.quantization-capability") == kUnknown);
  }
  const EngineVerdict verdict = check(quantized(Scheme::fp8_block, "fp8"), 75, "vllm@0.10");
  CHECK(verdict.refusal.rule == "vllm.quantization-capability");
  CHECK(verdict.refusal.phase == Refusal::Phase::configuration);
  CHECK(verdict.refusal.sentence ==
        "quantization 'fp8' needs compute capability 8.0, and the GPU has 7.5");
}

TEST_CASE("what sources do not settle is remarked, not refused") {
  CHECK(kind_of(check(quantized(Scheme::fp8_tensor, "modelopt"), 80),
                "vllm.quantization-capability") == kUnknown);
  CHECK(kind_of(check(quantized(Scheme::fp8_tensor, "modelopt"), 89),
                "vllm.quantization-capability") == -1);
  CHECK(kind_of(check(quantized(Scheme::mxfp8, "modelopt"), 100), "vllm.quantization-capability") ==
        kUnknown);
  CHECK(kind_of(check(quantized(Scheme::int8_channel, "compressed-tensors"), 100),
                "vllm.kernel-choice") == kUnknown);
}

TEST_CASE("FP8 and FP4 without their arithmetic stay weights") {
  const Model fp8 = quantized(Scheme::fp8_block, "fp8");
  CHECK(kind_of(check(fp8, 86), "vllm.weight-only") == kFallback);
  CHECK(kind_of(check(fp8, 89), "vllm.weight-only") == -1);
  const Model nvfp4 = quantized(Scheme::nvfp4, "modelopt");
  CHECK(kind_of(check(nvfp4, 90), "vllm.weight-only") == kFallback);
  CHECK(kind_of(check(nvfp4, 100), "vllm.weight-only") == -1);
}

TEST_CASE("MXFP4 needs bf16, plain AWQ of v0.10 fp16") {
  Model oss = dense();
  oss.quantization.scheme = Scheme::mxfp4;
  oss.quantization.method = "mxfp4";
  CHECK(refused_by(oss, 75) == "vllm.quantization-capability");
  CHECK(refused_by(oss, 80).empty());
  oss.dtype = "float16";
  CHECK(refused_by(oss, 80) == "vllm.quantization-type");
  Model awq = dense();
  awq.quantization = int4(Scheme::awq, 256);  // no Marlin kernel
  CHECK(refused_by(awq, 80, "vllm@0.10") == "vllm.quantization-type");
  CHECK(refused_by(awq, 75, "vllm@0.10").empty());
  CHECK(refused_by(awq, 80).empty());
}

TEST_CASE("an fp8 cache needs an attention kernel that keeps one") {
  ServingLimits limits;
  limits.kv_cache = KvCacheType::fp8;
  CHECK(check(dense(), 75, "vllm", limits).refusal.rule == "vllm.fp8-cache");
  CHECK(check(dense(), 80, "vllm", limits).remarks.empty());
  CHECK(kind_of(check(dense(), 0, "vllm", limits), "vllm.fp8-cache") == kUnknown);
  CHECK(kind_of(check(dense(), 80, "vllm@0.10", limits), "vllm.fp8-cache") == kUnknown);
  CHECK(check(dense(), 90, "vllm@0.10", limits).remarks.empty());
  CHECK(2 * check(dense(), 80, "vllm", limits).stages[0].kv_per_sequence ==
        check(dense(), 80).stages[0].kv_per_sequence);
}

TEST_CASE("a context beyond the model's own is refused") {
  Model model = dense();
  model.longest_context = 8192;
  CHECK(refused_by(model, 80).empty());
  CHECK(check(model, 80).longest_context == 8192);
  ServingLimits limits;
  limits.context = 8193;
  const EngineVerdict verdict = check(model, 80, "vllm", limits);
  CHECK(verdict.refusal.rule == "vllm.context-limit");
  CHECK(verdict.refusal.phase == Refusal::Phase::configuration);
  CHECK(verdict.stages.empty());
  model.longest_context = 0;
  CHECK(check(model, 80, "vllm", limits).accepted);
}

TEST_CASE("a vision tower that runs data parallel is whole on every rank") {
  Model model = dense();
  model.vision = VisionArch{24, 1024, 15, 4090, 1'000'000};
  ServingLimits limits;
  limits.encoder_data_parallel = true;
  GpuType gpu;
  gpu.memory = 24 * kGiB;
  const auto at_two = [&](const ServingLimits& asked) {
    return require_value(make_engine("vllm", {}))->check(model, {2, 1}, gpu, asked);
  };
  CHECK(at_two({}).refusal.rule == "vllm.vision-heads");
  CHECK(at_two(limits).refusal.rule == "vllm.vision-heads");
  CHECK(kind_of(at_two(limits), "vllm.encoder-mode") == kFallback);
  model.vision->data_parallel = true;
  CHECK(at_two({}).refusal.rule == "vllm.vision-heads");
  const EngineVerdict whole = at_two(limits);
  REQUIRE(whole.accepted);
  model.vision->heads = 16;
  const EngineVerdict cut = at_two({});
  REQUIRE(cut.accepted);
  CHECK(whole.stages[0].weights - cut.stages[0].weights == 1'000'000);

  // InternViT copies its attention instead: 4 (h^2 + h) in each layer.
  model.vision->replicates_odd_heads = true;
  model.vision->heads = 25;
  model.vision->parameters = 200'000'000;
  const EngineVerdict copied = at_two({});
  REQUIRE(copied.accepted);
  CHECK(kind_of(copied, "vllm.encoder-copied") == kFallback);
  model.vision->heads = 16;
  CHECK(copied.stages[0].weights - at_two({}).stages[0].weights == 24 * 4 * (1024 * 1024 + 1024));
}
