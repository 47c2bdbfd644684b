// Which tensor and pipeline parallel sizes vLLM accepts by shape alone.

#include "sim/core/assert.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/vllm.hpp"
#include "tests/models.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <utility>
#include <vector>

using namespace headroom;

namespace {

const EngineRules& engine() {
  static const auto kEngine = test::require_value(make_engine("vllm", MemoryOverheads{}));
  return *kEngine;
}

Model catalogued(std::string_view name) { return *test::require_value(find_model(name)); }

/// A model that every tensor parallel size up to 8 and pipeline size up to 4 accepts.
Model easy() {
  Model model;
  model.architecture = "EasyForCausalLM";
  model.text = dense_decoder({4, 64, 840, 840, 8, 840, 840 * 64});
  return model;
}

Refusal refusal(const Model& model, ParallelPlan plan) {
  const EngineVerdict verdict = engine().check_shape(model, plan);
  REQUIRE_FALSE(verdict.accepted);
  CHECK(verdict.stages.empty());
  return verdict.refusal;
}

}  // namespace

TEST_CASE("query heads must divide, found at configuration time") {
  const Refusal found = refusal(catalogued("meta-llama-3.1-8b"), {3, 1});
  CHECK(found.rule == "vllm.heads");
  CHECK(found.sentence ==
        "32 attention heads do not split over tensor parallel size 3 (32 mod 3 = 2)");
  CHECK(found.phase == Refusal::Phase::configuration);
}

TEST_CASE("a class without pipeline stages refuses them, after the heads") {
  Model model = easy();
  model.supports_pipeline = false;
  CHECK(engine().check_shape(model, {2, 1}).accepted);
  const Refusal found = refusal(model, {1, 2});
  CHECK(found.rule == "vllm.pp-support");
  CHECK(found.phase == Refusal::Phase::configuration);
  CHECK(found.sentence.find("EasyForCausalLM") == 0);
  CHECK(refusal(model, {11, 2}).rule == "vllm.heads");
}

TEST_CASE("more pipeline stages than layers are refused") {
  CHECK(engine().check_shape(easy(), {1, 4}).accepted);
  const Refusal found = refusal(easy(), {1, 5});
  CHECK(found.rule == "vllm.pp-layers");
  CHECK(found.sentence == "4 layers are fewer than pipeline parallel size 5");
}

TEST_CASE("KV heads split evenly or are copied evenly") {
  Model model = easy();
  test::attention_of(model).kv_heads = 4;
  CHECK(engine().accepted_tp(model, 8) == std::vector<int>{1, 2, 4, 8});
  Refusal found = refusal(model, {3, 1});
  CHECK(found.rule == "vllm.kv-heads");
  CHECK(found.phase == Refusal::Phase::model_build);
  CHECK(found.sentence == "4 KV heads do not split over tensor parallel size 3 (4 mod 3 = 1)");
  found = refusal(model, {6, 1});
  CHECK(found.rule == "vllm.kv-heads");
  CHECK(found.sentence ==
        "4 KV heads cannot be copied evenly to tensor parallel size 6 (6 mod 4 = 2)");
  test::attention_of(model).kv_heads = 1;
  CHECK(engine().accepted_tp(model, 8).size() == 8);
  test::attention_of(model).kv_heads = 0;  // nothing to copy
  CHECK(engine().check_shape(model, {2, 1}).accepted);
}

TEST_CASE("the padded vocabulary must divide") {
  Model model = easy();
  model.text.vocab = 127;  // padded to 128
  CHECK(engine().check_shape(model, {4, 1}).accepted);
  const Refusal found = refusal(model, {3, 1});
  CHECK(found.rule == "vllm.vocab");
  CHECK(found.phase == Refusal::Phase::model_build);
  CHECK(found.sentence.find("128 vocabulary rows (padded to 64)") == 0);
  model.text.vocab = 50'257;
  CHECK(refusal(model, {5, 1}).sentence.find("50304 vocabulary rows (padded to 64)") == 0);
}

TEST_CASE("the MLP width must divide") {
  Model model = easy();
  test::mlp_of(model).width = 18'944;
  const Refusal found = refusal(model, {3, 1});
  CHECK(found.rule == "vllm.mlp-width");
  CHECK(found.sentence.find("18944 mod 3 = 2") != std::string::npos);
}

TEST_CASE("of several layers the first whose MLP does not divide is named") {
  Model model = easy();
  LayerKind experts = model.text.kinds[0];
  Experts routed;
  routed.count = routed.width = 840;
  routed.shared_width = 1000;
  experts.mlp = routed;
  test::mlp_of(model).width = 2000;
  model.text.kinds.insert(model.text.kinds.begin(), experts);
  CHECK(refusal(model, {3, 1}).sentence ==
        "1000 columns of the shared experts do not split over tensor parallel size 3 (1000 mod 3 = "
        "1)");
  std::swap(model.text.kinds[0], model.text.kinds[1]);
  CHECK(refusal(model, {3, 1}).sentence ==
        "2000 columns of the MLP do not split over tensor parallel size 3 (2000 mod 3 = 2)");
}

TEST_CASE("the vision tower's heads and MLP width must divide") {
  Model model = easy();
  model.vision = VisionArch{27, 1152, 16, 840, 1'000'000};
  CHECK(engine().check_shape(model, {8, 1}).accepted);
  CHECK(refusal(model, {5, 1}).rule == "vllm.vision-heads");
  model.vision->heads = 840;
  model.vision->mlp_width = 4304;
  CHECK(engine().check_shape(model, {8, 1}).accepted);
  CHECK(refusal(model, {5, 1}).rule == "vllm.vision-mlp-width");
  CHECK(refusal(model, {5, 1}).phase == Refusal::Phase::model_build);
}

TEST_CASE("parallel sizes below one are a fault, not a refusal") {
  CHECK_THROWS_AS(engine().check_shape(easy(), {0, 1}), Fault);
  CHECK_THROWS_AS(engine().check_shape(easy(), {1, -1}), Fault);
}

TEST_CASE("layers are spread over stages with the last one short") {
  using Layers = std::vector<std::int64_t>;
  CHECK(vllm::stage_layers(62, 3) == Layers{21, 21, 20});
  CHECK(vllm::stage_layers(62, 4) == Layers{15, 16, 16, 15});
  CHECK(vllm::stage_layers(80, 4) == Layers{20, 20, 20, 20});
  CHECK(vllm::stage_layers(126, 4) == Layers{31, 32, 32, 31});
  CHECK(vllm::stage_layers(7, 4) == Layers{2, 2, 2, 1});
  CHECK(vllm::stage_layers(5, 1) == Layers{5});
}

TEST_CASE("accepted plans are ordered by GPUs, then pipeline size") {
  const std::vector<ParallelPlan> plans =
      engine().accepted_plans(catalogued("qwen2.5-7b-instruct"), {4, 2});
  CHECK(plans == std::vector<ParallelPlan>{{1, 1}, {2, 1}, {1, 2}, {4, 1}, {2, 2}, {4, 2}});
}

TEST_CASE("known models accept the sizes their shapes allow") {
  using Sizes = std::vector<int>;
  CHECK(engine().accepted_tp(catalogued("gemma-3-27b-it"), 16) == Sizes{1, 2, 4, 8, 16});
  CHECK(engine().accepted_tp(catalogued("qwen2.5-7b-instruct"), 16) == Sizes{1, 2, 4});
  CHECK(engine().accepted_tp(catalogued("phi-4"), 16) == Sizes{1, 2});
  CHECK(engine().accepted_tp(catalogued("falcon-7b"), 16) == Sizes{1});
  CHECK(engine().accepted_tp(catalogued("smollm2-360m"), 16) == Sizes{1});
}

TEST_CASE("every refusal names a rule that the engine lists") {
  const auto rules = engine().rules();
  CHECK(rules.size() == 33);
  for (const Model& model : model_catalogue()) {
    for (int tp = 1; tp <= 32; ++tp) {
      const EngineVerdict verdict = engine().check_shape(model, {tp, 1});
      if (verdict.accepted) continue;
      INFO(verdict.refusal.rule);
      CHECK(std::any_of(rules.begin(), rules.end(),
                        [&](const auto& rule) { return rule.id == verdict.refusal.rule; }));
      CHECK_FALSE(verdict.refusal.sentence.empty());
    }
  }
}

TEST_CASE("engines are found by name") {
  CHECK(engine().name() == "vllm");
  CHECK(make_engine("vlm", MemoryOverheads{}).error().text() ==
        "unknown engine 'vlm' — did you mean 'vllm'?");
  CHECK(test::require_value(make_engine("vllm@0.21", {}))->name() == "vllm");
  CHECK(test::require_value(make_engine("vllm@0.10", {}))->name() == "vllm@0.10");
  CHECK(make_engine("vllm@0.11", {}).error().text() ==
        "the rules of vllm are known for releases 0.21 and 0.10, not for '0.11'");
  CHECK_FALSE(make_engine("vllm@", {}));
  CHECK(engine_choices().size() == engine_names().size() + 2);
}
