// What TensorRT-LLM takes for the KV cache of what weights and working memory leave free.

#include "sim/engine/shared_rules.hpp"
#include "sim/engine/stage_budget.hpp"
#include "sim/engine/tensorrt_llm.hpp"
#include "sim/engine/verdict.hpp"

#include <fmt/format.h>

namespace headroom::tensorrt_llm {
namespace {

using Kind = Remark::Kind;
using Scheme = Quantization::Scheme;

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kOwnFraction = 900'000;  // free_gpu_memory_fraction, unless told

/// _torch/pyexecutor/model_loader.py validate_and_set_kv_cache_quant: "auto" is the checkpoint's.
EngineVerdict remark_cache_scheme(const Model& model, KvCacheType asked) {
  if (effective_cache_type(model, asked) == asked) return accepted_verdict();
  if (model.kv_cache_scheme == "fp8") {
    return remarked(Kind::fallback, kCacheScheme,
                    "the checkpoint asks for an fp8 cache, and gets one unless told");
  }
  return remarked(
      Kind::unknown, kCacheScheme,
      "which type of cache TensorRT-LLM keeps of DeepSeek-V4 was not established: it is "
      "counted in fp8");
}

/// The documentation names the GPUs that it supports; whether anything checks them is not known.
EngineVerdict check_gpu(const Model& model, const GpuType& gpu, const ServingLimits& limits) {
  const int capability = gpu.compute_capability;
  const Scheme scheme = model.quantization.scheme;
  const bool fp8 =
      scheme == Scheme::fp8_tensor || scheme == Scheme::fp8_channel || scheme == Scheme::fp8_block;
  const bool fp4 = scheme == Scheme::nvfp4 || expert_scheme(model).scheme == Scheme::nvfp4;
  const auto text = [&](const char* what) {
    return fmt::format("{} (compute capability {}.{}) {}", gpu.name, capability / 10,
                       capability % 10, what);
  };
  return first_refusal({
      remarked_if(capability == 0, Kind::unknown, kCapability,
                  fmt::format("the compute capability of {} is not known", gpu.name)),
      remarked_if(capability > 0 && capability < 80, Kind::unknown, kCapability,
                  text("is not among the GPUs that TensorRT-LLM documents, from 8.0 on")),
      remarked_if(fp8 && capability >= 80 && capability < 89, Kind::unknown, kCapability,
                  text("is not among those documented with FP8, from 8.9 on")),
      remarked_if(fp4 && capability > 0 && capability < 100, Kind::unknown, kCapability,
                  text("has no FP4; whether NVFP4 starts was not established")),
      remark_cache_scheme(model, limits.kv_cache),
  });
}

}  // namespace

// The embedding and the head are padded to a multiple of the ranks: shard() rounds up.
ShardSizes shard_sizes(ParallelPlan plan) {
  const int ranks = plan.tp * plan.dp;
  return {plan.tp, plan.ep ? 1 : ranks, plan.ep ? ranks : 1, 1};
}

Bytes cache_pool(Bytes free, std::int64_t fraction_ppm) {
  if (free <= 0) return free;
  return free / kMillion * fraction_ppm + free % kMillion * fraction_ppm / kMillion;
}

std::int64_t Rules::utilisation(const Model& /*model*/, ParallelPlan /*plan*/,
                                const GpuType& /*gpu*/, const ServingLimits& limits) const {
  return limits.utilisation_asked ? limits.utilisation_ppm : kOwnFraction;
}

EngineVerdict Rules::check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                           const ServingLimits& asked) const {
  EngineVerdict verdict = first_refusal({check_shape(model, plan), check_gpu(model, gpu, asked)});
  if (!verdict.accepted) return verdict;
  require_limits(asked);
  ServingLimits limits = asked;
  limits.kv_cache = effective_cache_type(model, asked.kv_cache);
  const WorkingMemory working = working_memory(model, plan, limits, overheads_);
  const std::int64_t fraction = utilisation(model, plan, gpu, limits);
  const std::vector<std::int64_t> layers = stage_layers(model.text.layers(), plan.pp);
  fill_stages(
      verdict, {model, plan, limits, working, layers},
      [&](const StageLayers& held) {
        return stage_weights(model, shard_sizes(plan), held, limits.encoder_data_parallel);
      },
      [&](StageMemory& stage) {
        const Bytes free = gpu.memory - stage.weights - stage.working();
        stage.kv_available = cache_pool(free, fraction);
        // What is left free is nobody's.
        stage.budget = gpu.memory - (free - stage.kv_available);
      });
  add_remarks(verdict, remark_context(Kind::unknown, kContextLimit, model, limits.context,
                                      "what TensorRT-LLM then does was not established"));
  add_remarks(verdict,
              remarked_if(has_short_reach(model.text), Kind::unknown, kSlidingWindow,
                          "how much less sliding layers cache was not established: they are "
                          "counted as full ones"));
  refuse_without_cache(verdict, kNoCacheMemory, "the GPU's memory");
  remark_short_cache(verdict, kMaxLength, limits.context);
  return verdict;
}

}  // namespace headroom::tensorrt_llm
