// Experts stored otherwise than the rest, or of another input width.

#include "sim/engine/vllm.hpp"
#include "tests/sim/engine_support.hpp"
#include "tests/sim/vllm_models.hpp"

#include <variant>

using namespace headroom;
using namespace headroom::test;
using Scheme = Quantization::Scheme;

namespace {

Quantization mxfp4() {
  Quantization q;
  q.scheme = Scheme::mxfp4;
  q.method = "fp8";
  q.bits = 4;
  q.group = 32;
  return q;
}

Experts& experts_of(Model& model) { return std::get<Experts>(model.text.kinds.at(0).mlp); }

}  // namespace

TEST_CASE("expert rules look at the experts' own quantization") {
  Model model = mixtral_8x7b();
  model.quantization = fp8_blocks();
  experts_of(model).width = 7680;  // 60 blocks: 7.5 for each of 8
  CHECK(refused_by(engine_named("vllm")->check_shape(model, {4, 1})).empty());
  CHECK(refused_by(engine_named("vllm")->check_shape(model, {8, 1})) == "vllm.fp8-block");
  CHECK(refused_by(engine_named("sglang")->check_shape(model, {8, 1})) == "sglang.quantized-moe");
  model.expert_quantization = mxfp4();
  CHECK(refused_by(engine_named("vllm")->check_shape(model, {8, 1})).empty());
  CHECK(refused_by(engine_named("sglang")->check_shape(model, {8, 1})).empty());
  // The other way round: only the experts are in blocks.
  model.quantization = {};
  model.expert_quantization = fp8_blocks();
  CHECK(refused_by(engine_named("vllm")->check_shape(model, {8, 1})) == "vllm.fp8-block");
  CHECK(refused_by(engine_named("sglang")->check_shape(model, {8, 1})) == "sglang.quantized-moe");
}

TEST_CASE("MXFP4 experts of an FP8 checkpoint are padded") {
  Model model = mixtral_8x7b();
  model.quantization = fp8_blocks();
  CHECK(vllm::shard_sizes(model, {8, 1}, gpu_of(0, 100)).expert_width_padding == 1);
  model.expert_quantization = mxfp4();
  CHECK(vllm::shard_sizes(model, {8, 1}, gpu_of(0, 100)).expert_width_padding == 256);
  CHECK(vllm::shard_sizes(model, {8, 1}, gpu_of(0, 90)).expert_width_padding == 64);
  model.quantization = mxfp4();
  model.expert_quantization = fp8_blocks();
  CHECK(vllm::shard_sizes(model, {8, 1}, gpu_of(0, 100)).expert_width_padding == 1);
}

TEST_CASE("experts that read a latent are checked by its width") {
  Model model = mixtral_8x7b();
  model.expert_quantization = int4(Scheme::gptq, 128);
  CHECK(refused_by(engine_named("vllm")->check_shape(model, {2, 1})).empty());
  experts_of(model).latent = 1040;  // 65 x 16: no whole groups, down to 32
  CHECK(refused_by(engine_named("vllm")->check_shape(model, {2, 1})) == "vllm.moe-group");
  model.expert_quantization->scheme = Scheme::mxfp8;
  CHECK(refused_by(engine_named("vllm")->check_shape(model, {2, 1})) == "vllm.mxfp8");
  experts_of(model).latent = 1024;
  CHECK(refused_by(engine_named("vllm")->check_shape(model, {2, 1})).empty());
}

TEST_CASE("llama.cpp counts experts as they are stored") {
  Model model = easy_experts();
  const auto weights = [&] {
    return engine_named("llama.cpp")
        ->check(model, {1, 1}, gpu_of(80 * kGiB), {})
        .stages.at(0)
        .weights;
  };
  const Bytes plain = weights();
  const Bytes whole = weight_bytes(model);
  model.expert_quantization = mxfp4();
  CHECK(weights() < plain);
  CHECK(plain - weights() == whole - weight_bytes(model));
}
