// What TensorRT-LLM takes for the KV cache of what weights and working memory leave free.

#include "sim/core/assert.hpp"
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
      remarked_if(
          model.kv_cache_scheme == "fp8" && limits.kv_cache != KvCacheType::fp8, Kind::unknown,
          kCacheScheme,
          "the checkpoint asks for an fp8 cache; whether TensorRT-LLM then keeps one was not "
          "established: it is counted in the model's own type"),
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

EngineVerdict Rules::check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                           const ServingLimits& limits) const {
  EngineVerdict verdict = first_refusal({check_shape(model, plan), check_gpu(model, gpu, limits)});
  if (!verdict.accepted) return verdict;
  HEADROOM_ASSERT(limits.context >= 1 && limits.batched_tokens >= 1,
                  fmt::format("context {} and batched tokens {}: each is at least 1",
                              limits.context, limits.batched_tokens));
  const WorkingMemory working = working_memory(model, plan, limits, overheads_);
  std::vector<SequenceCost> costs;
  std::int64_t first = 0;
  for (const std::int64_t layers : stage_layers(model.text.layers(), plan.pp)) {
    const StageLayers held{static_cast<int>(costs.size()), plan.pp, first, layers};
    costs.push_back(sequence_cost(cache_groups(model, first, layers, plan.tp, limits.kv_cache)));
    StageMemory stage = stage_memory(
        layers, stage_weights(model, shard_sizes(plan), held, limits.encoder_data_parallel),
        working, costs.back(), limits.context);
    stage.kv_available =
        cache_pool(gpu.memory - stage.weights - working.sum(), limits.utilisation_ppm);
    verdict.stages.push_back(stage);
    first += layers;
  }
  judge_stages(verdict, costs, model);
  add_remarks(verdict,
              remarked_if(has_short_reach(model.text), Kind::unknown, kSlidingWindow,
                          "how much less sliding layers cache was not established: they are "
                          "counted as full ones"));
  refuse_without_cache(verdict, kNoCacheMemory, budget_words(working, gpu.memory));
  if (verdict.accepted && !full_sequence_fits(verdict)) {
    add_remarks(verdict, remarked(Kind::unknown, kMaxLength,
                                  short_cache_words(verdict, limits.context) +
                                      ": whether it then refuses was not established"));
  }
  return verdict;
}

}  // namespace headroom::tensorrt_llm
