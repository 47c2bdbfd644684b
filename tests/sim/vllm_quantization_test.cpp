// What quantized checkpoints ask of the shape of a shard.

#include "sim/engine/engine.hpp"
#include "tests/models.hpp"
#include "tests/sim/vllm_models.hpp"
#include "tests/support.hpp"

using namespace headroom;
using namespace headroom::test;
using Scheme = Quantization::Scheme;

namespace {

EngineVerdict shape(const Model& model, ParallelPlan plan, const char* engine = "vllm") {
  return require_value(make_engine(engine, {}))->check_shape(model, plan);
}

std::string refused_by(const Model& model, ParallelPlan plan, const char* engine = "vllm") {
  const EngineVerdict verdict = shape(model, plan, engine);
  return verdict.accepted ? "" : verdict.refusal.rule;
}

/// Everything divides by 8 but what a test changes.
Model dense(std::int64_t width, std::int64_t kv_heads = 8) {
  Model model;
  model.architecture = "DenseForCausalLM";
  model.text = dense_decoder({2, 4096, 32, kv_heads, 128, width, 64'000});
  return model;
}

Model dense(std::int64_t width, Quantization quantization) {
  Model model = dense(width);
  model.quantization = std::move(quantization);
  return model;
}

Model mixture(std::int64_t width, Quantization quantization) {
  Model model = mixtral_8x7b();
  std::get<Experts>(model.text.kinds[0].mlp).width = width;
  model.quantization = std::move(quantization);
  return model;
}

std::string remark(const EngineVerdict& verdict) {
  REQUIRE(verdict.accepted);
  return verdict.remarks.empty() ? "" : verdict.remarks.front().rule;
}

}  // namespace

TEST_CASE("FP8 blocks must fill the inputs of row parallel layers") {
  const Model model = dense(25'600, fp8_blocks());
  CHECK(refused_by(model, {8, 1}).empty());
  const EngineVerdict verdict = shape(model, {16, 1});
  CHECK(verdict.refusal.rule == "vllm.fp8-block");
  CHECK(verdict.refusal.phase == Refusal::Phase::model_build);
  CHECK(verdict.refusal.sentence ==
        "the 1600 inputs of mlp.down_proj on each rank are not a multiple of the FP8 block of 128 "
        "(1600 mod 128 = 64)");
  Model plain = model;
  plain.quantization.scheme = Scheme::fp8_channel;
  CHECK(refused_by(plain, {16, 1}).empty());
  plain = model;
  plain.text.kinds[0].kept = {"mlp.down_proj"};
  CHECK(refused_by(plain, {16, 1}).empty());
}

TEST_CASE("fused FP8 layers are exempt, but not in v0.10") {
  Model model = dense(12'800, fp8_blocks());
  attention_of(model).head_dim = 64;  // a KV head is half a block
  CHECK(refused_by(model, {4, 1}, "vllm@0.10").empty());
  CHECK(refused_by(model, {8, 1}).find("vllm.fp8-block") == 0);  // 12800 / 8 = 1600 inputs
  mlp_of(model).width = 16'384;
  CHECK(refused_by(model, {8, 1}).empty());
  CHECK(refused_by(model, {8, 1}, "vllm@0.10") == "vllm.fp8-block");
  CHECK(shape(model, {8, 1}, "vllm@0.10")
            .refusal.sentence.find("the 64 outputs of self_attn.qkv_proj") == 0);
}

TEST_CASE("column parallel FP8 layers alone must be whole blocks") {
  Model model = deepseek_v3_fp8();
  CHECK(refused_by(model, {16, 1}).empty());
  CHECK(refused_by(model, {16, 1}, "vllm@0.10").empty());
  for (LayerKind& kind : model.text.kinds) {
    kind.attention()->latent->nope = 120;  // 128 heads of 184: 23552 = 184 x 128
    kind.attention()->latent->rope = 64;
  }
  CHECK(refused_by(model, {1, 1}).empty());
  CHECK(refused_by(model, {8, 1}).empty());
  CHECK(refused_by(model, {16, 1}) == "vllm.fp8-block");  // 1472 = 11.5 x 128
}

TEST_CASE("FP8 experts must be whole blocks, gate and up on one rank too") {
  CHECK(refused_by(mixture(14'336, fp8_blocks()), {8, 1}).empty());
  CHECK(refused_by(mixture(14'336, fp8_blocks()), {16, 1}).empty());
  const EngineVerdict verdict = shape(mixture(14'336, fp8_blocks()), {8, 1, 7});
  CHECK(verdict.accepted);
  CHECK(refused_by(mixture(1536, fp8_blocks()), {8, 1}) == "vllm.fp8-block");  // 192
  CHECK(refused_by(mixture(1536, fp8_blocks()), {8, 1, 1, true}).empty());
  CHECK(refused_by(mixture(1600, fp8_blocks()), {1, 1}) == "vllm.fp8-block");
  CHECK(refused_by(mixture(1600, fp8_blocks()), {4, 1, 1, true}) == "vllm.fp8-block");
}

TEST_CASE("ModelOpt's FP8 blocks have no exemption") {
  Quantization scheme = fp8_blocks();
  scheme.method = "modelopt";
  CHECK(refused_by(dense(16'384, scheme), {8, 1}).empty());
  CHECK(refused_by(dense(1600, scheme), {1, 1}) == "vllm.fp8-pb-wo");
  CHECK(refused_by(dense(1600, fp8_blocks()), {1, 1}).empty());
}

TEST_CASE("AWQ goes on without Marlin as long as groups and words are whole") {
  // 231 x 128: the published width of Qwen2.5-72B, and what its quantized releases pad it to.
  CHECK(refused_by(dense(29'568, int4(Scheme::awq, 128)), {1, 1}).empty());
  CHECK(refused_by(dense(29'568, int4(Scheme::awq, 128)), {2, 1}) == "vllm.awq");
  for (const int tp : {1, 2, 4, 8}) {
    CHECK(refused_by(dense(29'696, int4(Scheme::awq, 128)), {tp, 1}).empty());
  }
  // In groups of 64, half of 29568 is 231 of them, but Marlin's tile takes 128.
  const EngineVerdict verdict = shape(dense(29'568, int4(Scheme::awq, 64)), {2, 1});
  CHECK(remark(verdict) == "vllm.kernel-choice");
  CHECK(verdict.remarks[0].kind == Remark::Kind::fallback);
  CHECK(remark(shape(dense(16'384, int4(Scheme::awq, 128)), {8, 1})).empty());
}

TEST_CASE("GPTQ and packed integers need a kernel") {
  for (const Scheme scheme : {Scheme::gptq, Scheme::integer}) {
    CHECK(refused_by(dense(29'696, int4(scheme, 128)), {8, 1}).empty());
    CHECK(refused_by(dense(29'568, int4(scheme, 128)), {2, 1}) == "vllm.marlin");
    // 14784 inputs are 231 tiles of 64: Machete's, not Marlin's.
    CHECK(remark(shape(dense(29'568, int4(scheme, 64)), {2, 1})) == "vllm.kernel-choice");
    CHECK(refused_by(dense(29'568, int4(scheme, 64)), {2, 1}, "vllm@0.10") == "vllm.marlin");
    CHECK(refused_by(dense(29'568, int4(scheme, 32)), {4, 1}) == "vllm.marlin");  // 7392 / 64
  }
  Quantization three_bits = int4(Scheme::gptq, 128);
  three_bits.bits = 3;
  CHECK(remark(shape(dense(29'568, three_bits), {2, 1})) == "vllm.kernel-choice");
  CHECK(refused_by(dense(29'568, three_bits), {2, 1}, "vllm@0.10") == "vllm.gptq");
  CHECK(refused_by(dense(29'696, three_bits), {2, 1}, "vllm@0.10").empty());
}

TEST_CASE("packed experts fall back, halving their group down to 32") {
  CHECK(remark(shape(mixture(14'336, int4(Scheme::awq, 128)), {8, 1})).empty());
  // 14336 / 16 = 896 = 7 x 128; / 32 = 448 = 7 x 64: half a group.
  CHECK(remark(shape(mixture(14'336, int4(Scheme::awq, 128)), {16, 1})).empty());
  CHECK(remark(shape(mixture(14'336, int4(Scheme::awq, 128)), {16, 1, 2})) == "vllm.kernel-choice");
  CHECK(refused_by(mixture(14'336, int4(Scheme::awq, 128)), {16, 1, 8}) == "vllm.moe-group");
  CHECK(refused_by(mixture(14'336, int4(Scheme::awq, 128)), {16, 1, 8, true}).empty());
}

TEST_CASE("MXFP8 takes blocks of 32, bitsandbytes whole bytes, NVFP4 anything") {
  Quantization mxfp8;
  mxfp8.scheme = Scheme::mxfp8;
  mxfp8.method = "modelopt";
  mxfp8.bits = 8;
  CHECK(refused_by(dense(256 * 3, mxfp8), {8, 1}).empty());
  CHECK(refused_by(dense(128 * 3, mxfp8), {8, 1}) == "vllm.mxfp8");
  CHECK(refused_by(mixture(128 * 3, mxfp8), {8, 1}) == "vllm.mxfp8");
  CHECK(refused_by(mixture(128 * 3, mxfp8), {8, 1, 1, true}).empty());

  Quantization bnb;
  bnb.scheme = Scheme::bnb_4bit;
  bnb.method = "bitsandbytes";
  Model odd = dense(8, bnb);
  CHECK(refused_by(odd, {8, 1}).empty());  // one column of 4096 inputs
  odd.text.hidden = 4095;
  CHECK(refused_by(odd, {8, 1}) == "vllm.bitsandbytes");

  Quantization nvfp4;
  nvfp4.scheme = Scheme::nvfp4;
  nvfp4.method = "modelopt";
  CHECK(refused_by(dense(24, nvfp4), {8, 1}).empty());
}

TEST_CASE("MXFP4 pads instead of refusing") {
  for (const int tp : {1, 2, 4, 8, 16}) CHECK(refused_by(gpt_oss_120b(), {tp, 1}).empty());
}
