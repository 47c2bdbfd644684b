// What all engines say of a GPU's memory: a budget whose parts add up, and refusals with numbers.

#include "sim/engine/sglang.hpp"
#include "tests/sim/engine_support.hpp"

#include <array>

using namespace headroom;
using namespace headroom::test;

namespace {

constexpr std::array kModels{"meta-llama-3.1-8b",    "gemma-3-27b-it", "qwen3-30b-a3b-fp8",
                             "gemma-4-31b-it-nvfp4", "phi-4",          "deepseek-v3"};
constexpr std::array kPlans{ParallelPlan{1, 1}, ParallelPlan{2, 1}, ParallelPlan{1, 3},
                            ParallelPlan{8, 1}};

ServingLimits unasked() {
  ServingLimits limits;
  limits.utilisation_asked = false;
  return limits;
}

/// Amounts of memory that a sentence names.
int amounts(const std::string& sentence) {
  int count = 0;
  for (const char* unit : {" B", " KiB", " MiB", " GiB", " TiB"}) {
    for (auto at = sentence.find(unit); at != std::string::npos; at = sentence.find(unit, at + 1)) {
      const char next = sentence[std::min(at + std::string_view(unit).size(), sentence.size() - 1)];
      const bool digit = at > 0 && sentence[at - 1] >= '0' && sentence[at - 1] <= '9';
      if (digit && !(next >= 'a' && next <= 'z')) ++count;
    }
  }
  return count;
}

}  // namespace

TEST_CASE("in every engine the parts of a stage add up to its budget") {
  int stages = 0;
  for (const std::string& name : engine_choices()) {
    const auto engine = engine_named(name);
    for (const char* model : kModels) {
      for (const ParallelPlan plan : kPlans) {
        for (const ServingLimits& limits : {ServingLimits{}, unasked()}) {
          const EngineVerdict verdict =
              engine->check(catalogued(model), plan, gpu_of(80 * kGiB), limits);
          for (const StageMemory& stage : verdict.stages) {
            INFO(name << " " << model << " " << plan.tp << " x " << plan.pp);
            CHECK(stage.accounted() == stage.budget);
            CHECK(stage.budget <= 80 * kGiB);
            CHECK(stage.outside == (name == "sglang" ? stage.working() : 0));
            ++stages;
          }
        }
      }
    }
  }
  CHECK(stages > 150);
}

TEST_CASE("the budget is the share asked for, where the engine takes one of the GPU") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  const auto stage = [&](const char* engine) {
    return engine_named(engine)->check(llama, {1, 1}, gpu_of(24 * kGiB), {}).stages.at(0);
  };
  const Bytes share = requested_bytes(24 * kGiB, 920'000);
  CHECK(stage("vllm").budget == share);
  CHECK(stage("llama.cpp").budget == share);
  // SGLang's share is of what contexts and buffers leave.
  CHECK(stage("sglang").budget == requested_bytes(24 * kGiB - 551'000'000, 920'000));
  // TensorRT-LLM leaves 0.08 of what is free: 8,973,731,904 by hand.
  CHECK(stage("tensorrt-llm").budget == 24 * kGiB - (8'973'731'904 - 8'255'833'351));
}

TEST_CASE("where no share is asked for an engine makes its own choice") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  const GpuType card = gpu_of(24 * kGiB);
  const auto share = [&](const char* engine, const ServingLimits& limits) {
    return engine_named(engine)->utilisation(llama, {1, 1}, card, limits);
  };
  for (const std::string& name : engine_choices()) CHECK(share(name.c_str(), {}) == 920'000);
  CHECK(share("vllm", unasked()) == 920'000);
  CHECK(share("vllm@0.21", unasked()) == 920'000);
  CHECK(share("vllm@0.10", unasked()) == 900'000);
  CHECK(share("llama.cpp", unasked()) == 920'000);
  CHECK(share("sglang", unasked()) == 833'000);
  CHECK(share("tensorrt-llm", unasked()) == 900'000);
  const EngineVerdict own = engine_named("sglang")->check(llama, {1, 1}, card, unasked());
  CHECK(own.accepted);
  CHECK(own.stages.at(0).budget == requested_bytes(24 * kGiB - 551'000'000, 833'000));
  CHECK_FALSE(remarks_on(own, sglang::kStaticFraction, Remark::Kind::unverified));
  const auto command = [&](const char* engine) {
    return engine_named(engine)->command(llama, {{1, 1}, unasked()});
  };
  CHECK(command("sglang").find("--mem-fraction-static") == std::string::npos);
  CHECK(command("tensorrt-llm").find("fraction") == std::string::npos);
  CHECK(command("vllm").find("--gpu-memory-utilization 0.92") != std::string::npos);
  CHECK(command("vllm@0.10").find("--gpu-memory-utilization 0.9 ") == std::string::npos);
  CHECK(command("vllm@0.10").ends_with("--gpu-memory-utilization 0.9"));
  const auto budget = [&](const ServingLimits& limits) {
    return engine_named("vllm@0.10")->check(llama, {1, 1}, card, limits).stages.at(0).budget;
  };
  CHECK(budget(unasked()) == requested_bytes(24 * kGiB, 900'000));
  CHECK(budget({}) == requested_bytes(24 * kGiB, 920'000));
  CHECK_FALSE(unasked() == ServingLimits{});
}

TEST_CASE("a refusal for memory names what is needed and what there is") {
  int refusals = 0;
  for (const std::string& name : engine_choices()) {
    const auto engine = engine_named(name);
    for (const char* model : kModels) {
      for (const Bytes memory : {Bytes{0}, kGiB, 8 * kGiB, 17 * kGiB, 24 * kGiB}) {
        const EngineVerdict verdict = engine->check(catalogued(model), {1, 1}, gpu_of(memory), {});
        if (verdict.accepted || verdict.refusal.phase != Refusal::Phase::memory) continue;
        INFO(name << " " << model << ": " << verdict.refusal.sentence);
        CHECK(amounts(verdict.refusal.sentence) >= 2);
        CHECK_FALSE(verdict.refusal.of_gpu);
        ++refusals;
      }
    }
  }
  CHECK(refusals > 60);
  const auto sentence = [&](const char* engine) {
    return engine_named(engine)
        ->check(catalogued("meta-llama-3.1-8b"), {1, 1}, gpu_of(8 * kGiB), {})
        .refusal.sentence;
  };
  CHECK(sentence("vllm") ==
        "each GPU has no memory left for a KV cache: weights of 15.0 GiB, activations of 0.17 GiB, "
        "communication of 0 B and runtime of 0.51 GiB are 15.6 GiB, and the budget is 7.36 GiB "
        "(8.28 GiB short)");
  CHECK(
      sentence("sglang") ==
      "each GPU has no memory left for a KV cache: weights of 15.0 GiB are needed, and the static "
      "share is 6.89 GiB (8.07 GiB short)");
}

TEST_CASE("a refusal of the GPU whatever the plan says so") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  const auto refusal = [](const char* engine, const Model& model, ParallelPlan plan, int capability,
                          ServingLimits limits = {}) {
    return engine_named(engine)->check(model, plan, gpu_of(80 * kGiB, capability), limits).refusal;
  };
  const Refusal old = refusal("vllm", llama, {1, 1}, 70);
  CHECK(old.rule == "vllm.capability");
  CHECK(old.of_gpu);
  CHECK(refusal("sglang", llama, {2, 1}, 70).of_gpu);
  CHECK(refusal("vllm", catalogued("gpt-oss-120b"), {4, 1}, 75).of_gpu);  // MXFP4 from 8.0 on
  ServingLimits fp8;
  fp8.kv_cache = KvCacheType::fp8;
  CHECK(refusal("vllm", llama, {1, 1}, 75, fp8).of_gpu);
  const Refusal shape = refusal("vllm", llama, {3, 1}, 70);
  CHECK(shape.rule == "vllm.heads");
  CHECK_FALSE(shape.of_gpu);
  CHECK_FALSE(refusal("sglang", llama, {3, 1}, 90).of_gpu);
}

TEST_CASE("a context longer than the model's own: what each engine does") {
  const Model llama = catalogued("meta-llama-3.1-8b");
  const auto check = [&](const std::string& engine, std::int64_t context) {
    ServingLimits asked;
    asked.context = context;
    return engine_named(engine)->check(llama, {1, 1}, gpu_of(80 * kGiB), asked);
  };
  for (const std::string& name : engine_choices()) {
    INFO(name);
    const EngineVerdict most = check(name, llama.longest_context);
    const EngineVerdict more = check(name, llama.longest_context + 1);
    CHECK(most.accepted);
    const std::string id = name.substr(0, name.find('@')) + ".context-limit";
    if (name == "llama.cpp" || name == "tensorrt-llm") {
      CHECK(more.accepted);
      const auto kind = name == "llama.cpp" ? Remark::Kind::fallback : Remark::Kind::unknown;
      CHECK(remarks_on(more, id, kind));
      CHECK_FALSE(remarks_on(most, id, kind));
    } else {
      CHECK(refused_by(more) == id);
      CHECK(more.refusal.sentence ==
            "a context of 131073 tokens is longer than the 131072 of the model's config");
    }
  }
}
