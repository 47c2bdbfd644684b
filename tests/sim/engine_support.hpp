#pragma once
// Asking an engine in tests.

#include "sim/engine/engine.hpp"
#include "tests/models.hpp"
#include "tests/support.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace headroom::test {

[[nodiscard]] inline std::unique_ptr<EngineRules> engine_named(
    std::string_view name, const MemoryOverheads& overheads = {}) {
  return require_value(make_engine(name, overheads));
}

[[nodiscard]] inline Model catalogued(std::string_view name) {
  return *require_value(find_model(name));
}

/// A model of 4 layers whose sizes divide by every number up to 8.
[[nodiscard]] inline Model easy_model() {
  Model model;
  model.hub_id = "maker/easy";
  model.architecture = "EasyForCausalLM";
  model.text = dense_decoder({4, 64, 840, 840, 8, 840, 840 * 64});
  return model;
}

/// The same with 840 experts of width 840 and a shared one.
[[nodiscard]] inline Model easy_experts() {
  Model model = easy_model();
  Experts experts;
  experts.count = experts.width = experts.shared_width = 840;
  experts.active = 2;
  model.text.kinds[0].mlp = experts;
  return model;
}

[[nodiscard]] inline GpuType gpu_of(Bytes memory, int capability = 90) {
  GpuType gpu;
  gpu.name = "card";
  gpu.memory = memory;
  gpu.compute_capability = capability;
  return gpu;
}

/// The rule that refuses, or "".
[[nodiscard]] inline std::string refused_by(const EngineVerdict& verdict) {
  CHECK((verdict.accepted || !verdict.refusal.sentence.empty()));
  return verdict.accepted ? "" : verdict.refusal.rule;
}

[[nodiscard]] inline bool remarks_on(const EngineVerdict& verdict, std::string_view rule,
                                     Remark::Kind kind = Remark::Kind::unknown) {
  return std::any_of(verdict.remarks.begin(), verdict.remarks.end(), [&](const Remark& r) {
    return r.rule == rule && r.kind == kind && !r.sentence.empty();
  });
}

/// Every refusal over the catalogue is one of the rules that the engine lists, every remark one of
/// its remarks.
inline void check_lists_its_rules(const EngineRules& engine) {
  const auto rules = engine.rules();
  const auto listed = [&](const std::string& id) {
    return std::any_of(rules.begin(), rules.end(), [&](const auto& r) { return r.id == id; });
  };
  const auto remarks = engine.remarks();
  const auto noted = [&](const std::string& id) {
    return std::any_of(remarks.begin(), remarks.end(), [&](const auto& r) { return r.id == id; });
  };
  for (const auto& remark : remarks) {
    CHECK(remark.id.starts_with(std::string(engine.name()) + "."));
    CHECK_FALSE(remark.source.empty());
    const std::string kind = remark.description.substr(0, remark.description.find(':'));
    CHECK((kind == "unknown" || kind == "fallback" || kind == "unverified"));
    CHECK(std::count_if(remarks.begin(), remarks.end(),
                        [&](const auto& other) { return other.id == remark.id; }) == 1);
  }
  for (const auto& rule : rules) {
    CHECK_FALSE(rule.description.starts_with("remark"));
    CHECK(rule.id.starts_with(std::string(engine.name()) + "."));
    CHECK_FALSE(rule.description.empty());
    CHECK_FALSE(rule.source.empty());
    CHECK(std::count_if(rules.begin(), rules.end(),
                        [&](const auto& other) { return other.id == rule.id; }) == 1);
  }
  for (const Model& model : model_catalogue()) {
    for (int ranks = 1; ranks <= 16; ++ranks) {
      for (const ParallelPlan plan : {ParallelPlan{ranks, 1}, ParallelPlan{1, ranks},
                                      ParallelPlan{1, 1, ranks}, ParallelPlan{2, 1, ranks, true}}) {
        const EngineVerdict verdict = engine.check(model, plan, gpu_of(24 * kGiB, 70 + ranks), {});
        CHECK((verdict.accepted || listed(verdict.refusal.rule)));
        for (const Remark& remark : verdict.remarks) CHECK(noted(remark.rule));
        const EngineVerdict shape = engine.check_shape(model, plan);
        if (!shape.accepted) CHECK(shape.refusal.rule == verdict.refusal.rule);
        if (!verdict.stages.empty()) CHECK(std::ssize(verdict.stages) == plan.pp);
      }
    }
  }
}

/// No input within the preconditions overflows.
inline void check_survives_absurd_limits(const EngineRules& engine) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  ServingLimits limits;
  limits.context = limits.batched_tokens = kMost;
  for (const Bytes memory : {Bytes{0}, Bytes{1}, kMost}) {
    for (const ParallelPlan plan : {ParallelPlan{1, 1}, ParallelPlan{2, 1}, ParallelPlan{1, 3}}) {
      (void)engine.check(catalogued("gemma-3-27b-it"), plan, gpu_of(memory), limits);
    }
  }
}

}  // namespace headroom::test
