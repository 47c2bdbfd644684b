// Shape rules of mixtures of experts, of data parallel replicas, and of state-space mixers.

#include "sim/engine/engine.hpp"
#include "tests/models.hpp"
#include "tests/sim/vllm_models.hpp"
#include "tests/support.hpp"

#include <algorithm>

using namespace headroom;
using namespace headroom::test;

namespace {

EngineVerdict shape(const Model& model, ParallelPlan plan) {
  return require_value(make_engine("vllm", {}))->check_shape(model, plan);
}

std::string refused_by(const Model& model, ParallelPlan plan) {
  const EngineVerdict verdict = shape(model, plan);
  return verdict.accepted ? "" : verdict.refusal.rule;
}

const Remark* remark_of(const EngineVerdict& verdict, std::string_view rule) {
  const auto at = std::find_if(verdict.remarks.begin(), verdict.remarks.end(),
                               [&](const Remark& remark) { return remark.rule == rule; });
  return at == verdict.remarks.end() ? nullptr : &*at;
}

Experts& experts_of(Model& model, std::size_t kind = 0) {
  return std::get<Experts>(model.text.kinds.at(kind).mlp);
}

}  // namespace

TEST_CASE("expert parallelism needs experts") {
  const Model dense = *require_value(find_model("meta-llama-3.1-8b"));
  const EngineVerdict verdict = shape(dense, {2, 1, 1, true});
  CHECK(verdict.refusal.rule == "vllm.expert-parallel");
  CHECK(verdict.refusal.phase == Refusal::Phase::configuration);
  CHECK(refused_by(mixtral_8x7b(), {2, 1, 1, true}).empty());
  CHECK(refused_by(dense, {3, 1, 1, true}) == "vllm.heads");  // which comes first
}

TEST_CASE("experts are cut over all tensor and data parallel ranks, unless spread whole") {
  Model model = mixtral_8x7b();
  experts_of(model).width = 14'336;  // 2048 x 7
  CHECK(refused_by(model, {16, 1, 1, false}).empty());
  CHECK(refused_by(model, {8, 1, 7, false}).empty());
  const EngineVerdict verdict = shape(model, {8, 1, 3, false});
  CHECK(verdict.refusal.rule == "vllm.expert-width");
  CHECK(verdict.refusal.phase == Refusal::Phase::model_build);
  CHECK(verdict.refusal.sentence ==
        "14336 columns of each expert do not split over tensor x data parallel size 24 "
        "(14336 mod 24 = 8)");
  CHECK(refused_by(model, {8, 1, 3, true}).empty());
}

TEST_CASE("shared experts are cut like a dense MLP, with expert parallelism too") {
  Model model = deepseek_v3();
  CHECK(refused_by(model, {8, 1, 1, true}).empty());
  experts_of(model, 1).shared_width = 2044;
  CHECK(refused_by(model, {4, 1, 1, true}).empty());
  const EngineVerdict verdict = shape(model, {8, 1, 1, true});
  CHECK(verdict.refusal.rule == "vllm.mlp-width");
  CHECK(verdict.refusal.sentence.find("2044 columns of the shared experts") == 0);
}

TEST_CASE("some classes refuse more ranks than experts") {
  Model model = qwen3_235b();
  experts_of(model).count = 8;
  CHECK(refused_by(model, {8, 1}).empty());
  CHECK(refused_by(model, {16, 1}) == "vllm.expert-count");
  CHECK(refused_by(model, {16, 1, 1, true}) == "vllm.expert-count");
  CHECK(shape(mixtral_8x7b(), {16, 1}).remarks.empty());
  model.architecture = "OtherForCausalLM";
  const EngineVerdict verdict = shape(model, {16, 1});
  CHECK(verdict.accepted);
  REQUIRE(remark_of(verdict, "vllm.more-ranks-than-experts") != nullptr);
  CHECK(remark_of(verdict, "vllm.more-ranks-than-experts")->kind == Remark::Kind::unknown);
}

TEST_CASE("replicas of a dense model and odd sizes are remarked") {
  const Model dense = *require_value(find_model("qwen2.5-0.5b"));
  const EngineVerdict verdict = shape(dense, {2, 1, 4});
  CHECK(verdict.accepted);
  REQUIRE(remark_of(verdict, "vllm.replicas") != nullptr);
  CHECK(remark_of(verdict, "vllm.replicas")->kind == Remark::Kind::fallback);
  CHECK(shape(dense, {2, 1}).remarks.empty());

  Model odd = dense;
  attention_of(odd).heads = attention_of(odd).kv_heads = 12;
  odd.text.vocab = 192;
  mlp_of(odd).width = 12;
  REQUIRE(shape(odd, {3, 1}).accepted);
  CHECK(remark_of(shape(odd, {3, 1}), "vllm.odd-size")->kind == Remark::Kind::unverified);
  CHECK(shape(odd, {4, 1}).remarks.empty());
}

TEST_CASE("latent attention has no rule for KV heads") {
  Model model = deepseek_v3();
  attention_of(model, 0).kv_heads = attention_of(model, 1).kv_heads = 7;
  CHECK(refused_by(model, {8, 1}).empty());
  CHECK(refused_by(model, {3, 1}) == "vllm.heads");
}

TEST_CASE("layers with heads of their own obey the rules one by one") {
  Model model = gpt_oss_120b();
  attention_of(model, 1).heads = 40;
  CHECK(refused_by(model, {8, 1}).empty());
  const EngineVerdict verdict = shape(model, {16, 1});
  CHECK(verdict.refusal.rule == "vllm.layer-heads");
  CHECK(verdict.refusal.phase == Refusal::Phase::model_build);
  attention_of(model, 1).kv_heads = 12;
  CHECK(refused_by(model, {8, 1}) == "vllm.kv-heads");
}

TEST_CASE("Mamba heads and groups must divide, but for one group") {
  Model model = nemotron3_super();
  CHECK(refused_by(model, {8, 1}).empty());
  CHECK(refused_by(model, {16, 1}) == "vllm.mamba-groups");
  auto& mamba = std::get<Mamba2>(model.text.kinds[0].mixer);
  mamba.groups = 1;
  CHECK(refused_by(model, {16, 1}).empty());
  mamba.heads = 24;
  CHECK(refused_by(model, {8, 1}).empty());
  CHECK(refused_by(model, {16, 1}) == "vllm.mamba-heads");
  model.text.kinds[0].mixer = Mamba1{8 * 1024 + 8, 16, 4, 256};
  CHECK(refused_by(model, {8, 1}).empty());
  CHECK(refused_by(model, {16, 1}) == "vllm.mamba-width");
}

TEST_CASE("key and value heads of linear attention must divide") {
  Model model = qwen3_next();
  CHECK(refused_by(model, {16, 1}).empty());
  auto& linear = std::get<GatedDelta>(model.text.kinds[0].mixer);
  linear.key_heads = 8;
  CHECK(refused_by(model, {16, 1}) == "vllm.linear-heads");
  linear.key_heads = 16;
  linear.value_heads = 24;
  CHECK(refused_by(model, {8, 1}).empty());
  CHECK(refused_by(model, {16, 1}) == "vllm.linear-heads");
}

TEST_CASE("classes that are known to have no pipeline stages refuse them") {
  Model model = nemotron3_super();
  CHECK(refused_by(model, {1, 2}).empty());
  model.architecture = "Zamba2ForCausalLM";
  CHECK(refused_by(model, {1, 2}) == "vllm.pp-support");
}
