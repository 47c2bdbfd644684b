// Encoders beside the decoder: which classes hold them how, and what they weigh.

#include "sim/engine/stage_weights.hpp"
#include "tests/sim/engine_support.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

Model with_audio(std::int64_t heads, std::int64_t width) {
  Model model = easy_model();
  model.encoders.push_back({"audio", VisionArch{4, 64, heads, width, 1'000'001}});
  return model;
}

Bytes first_stage(std::string_view engine, const Model& model, ParallelPlan plan) {
  const EngineVerdict verdict = engine_named(engine)->check(model, plan, gpu_of(24 * kGiB), {});
  REQUIRE(verdict.accepted);
  return verdict.stages[0].weights;
}

}  // namespace

TEST_CASE("the reader says which vision towers run whole, and which copy their attention") {
  const auto whole = [](std::string_view name) { return catalogued(name).vision->data_parallel; };
  CHECK(whole("qwen2.5-vl-7b-instruct"));
  CHECK(whole("internvl2_5-8b"));
  CHECK_FALSE(whole("gemma-3-27b-it"));
  Model intern = catalogued("internvl2_5-8b");
  REQUIRE(intern.vision->replicates_odd_heads);
  intern.vision->heads = 25;
  const EngineVerdict verdict = engine_named("vllm")->check_shape(intern, {2, 1});
  CHECK(verdict.accepted);
  CHECK(remarks_on(verdict, "vllm.encoder-copied", Remark::Kind::fallback));
  intern.vision->replicates_odd_heads = false;
  CHECK(refused_by(engine_named("vllm")->check_shape(intern, {2, 1})) == "vllm.vision-heads");
}

TEST_CASE("heads and MLP width of other encoders must divide in vLLM") {
  const auto engine = engine_named("vllm");
  const EngineVerdict heads = engine->check_shape(with_audio(20, 840), {3, 1});
  CHECK(refused_by(heads) == "vllm.encoder-heads");
  CHECK(heads.refusal.sentence.starts_with("20 heads of the audio encoder do not split"));
  CHECK(refused_by(engine->check_shape(with_audio(840, 20), {3, 1})) == "vllm.encoder-mlp-width");
  CHECK(engine->check_shape(with_audio(840, 840), {3, 1}).accepted);
}

TEST_CASE("other encoders are weights of the first stage") {
  const Model with = with_audio(840, 840);
  const Model without = easy_model();
  for (const char* engine : {"vllm", "sglang", "tensorrt-llm"}) {
    CHECK(first_stage(engine, with, {1, 1}) - first_stage(engine, without, {1, 1}) == 2'000'002);
    CHECK(first_stage(engine, with, {2, 1}) - first_stage(engine, without, {2, 1}) == 1'000'002);
    CHECK(first_stage(engine, with, {1, 2}) - first_stage(engine, without, {1, 2}) == 2'000'002);
  }
  CHECK(first_stage("llama.cpp", with, {2, 1}) - first_stage("llama.cpp", without, {2, 1}) ==
        2'000'002);
  const StageLayers last{1, 2, 2, 2};
  CHECK(stage_weights(with, {}, last, false).total ==
        stage_weights(without, {}, last, false).total);
}

TEST_CASE("engines whose encoders were not read say so") {
  const Model model = with_audio(840, 840);
  CHECK(remarks_on(engine_named("sglang")->check_shape(model, {2, 1}), "sglang.encoders"));
  CHECK(remarks_on(engine_named("tensorrt-llm")->check_shape(model, {2, 1}),
                   "tensorrt-llm.encoders"));
  CHECK(remarks_on(engine_named("llama.cpp")->check_shape(model, {1, 1}), "llama.cpp.encoders"));
}
