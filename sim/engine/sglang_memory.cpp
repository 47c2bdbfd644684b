// What SGLang's static share of a GPU leaves for the KV cache.

#include "sim/engine/sglang.hpp"
#include "sim/engine/shared_rules.hpp"
#include "sim/engine/stage_budget.hpp"
#include "sim/engine/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom::sglang {
namespace {

using Kind = Remark::Kind;

constexpr std::int64_t kMillion = 1'000'000;

ShardSizes shard_sizes(ParallelPlan plan, int dense_ranks) {
  const int ranks = stage_ranks(plan);
  return {dense_ranks, plan.ep ? 1 : ranks, plan.ep ? ranks : 1, kVocabPadding};
}

/// Batch sizes up to which CUDA graphs are captured: server_args.py _handle_gpu_memory_settings.
std::int64_t graph_batch(Bytes memory, int ranks) {
  if (memory < 20 * kGiB) return 8;
  if (memory < 35 * kGiB) return ranks < 4 ? 24 : 80;
  if (memory < 60 * kGiB) return ranks < 4 ? 32 : 160;
  if (memory < 160 * kGiB) return ranks < 4 ? 256 : 512;
  return 512;
}

/// Numbers first, first + step, ... that are at most `last` and `limit`.
std::int64_t steps(std::int64_t first, std::int64_t last, std::int64_t step, std::int64_t limit) {
  const std::int64_t end = std::min(last, limit);
  return end < first ? 0 : (end - first) / step + 1;
}

/// Token counts for which prefill graphs are captured: server_args.py
/// _generate_piecewise_cuda_graph_tokens.
std::int64_t prefill_graphs(std::int64_t most) {
  return steps(4, 32, 4, most) + steps(48, 256, 16, most) + steps(288, 512, 32, most) +
         steps(576, 1024, 64, most) + steps(1280, 4096, 256, most) + steps(4608, most, 512, most);
}

/// model_executor/model_runner.py load_model: the letter of the check is "major < 8, minor < 5".
EngineVerdict check_capability(const Model& model, const GpuType& gpu) {
  const int capability = gpu.compute_capability;
  if (capability == 0) {
    return remarked(Kind::unknown, kCapability,
                    fmt::format("the compute capability of {} is not known", gpu.name));
  }
  if (capability >= 80) return accepted_verdict();
  if (capability % 10 < 5) {
    return refused_verdict(
        kCapability, Refusal::Phase::model_build,
        fmt::format("{} has compute capability {}.{}, and SGLang starts from 7.5", gpu.name,
                    capability / 10, capability % 10));
  }
  return remarked_if(model.dtype == "bfloat16", Kind::fallback, kBf16,
                     fmt::format("{} has no bf16: the model runs in fp16", gpu.name));
}

/// mem_cache/kv_cache_dtype.py configure_kv_cache_dtype; arg_groups/overrides.py
/// _deepseek_v4_kv_cache_dtype.
EngineVerdict remark_cache_scheme(const Model& model, KvCacheType asked) {
  if (effective_cache_type(model, asked) == asked) return accepted_verdict();
  if (has_fp8_cache_alone(model)) {
    return remarked(Kind::fallback, kCacheScheme,
                    "SGLang keeps the cache of DeepSeek-V4 in fp8 unless told");
  }
  if (model.quantization.method.starts_with("modelopt")) {
    return remarked(Kind::fallback, kCacheScheme,
                    "the checkpoint asks for an fp8 cache, and gets one without --kv-cache-dtype");
  }
  return remarked(Kind::unknown, kCacheScheme,
                  fmt::format("the checkpoint ({}) asks for an fp8 cache, and it is counted with "
                              "one; whether SGLang then keeps one was not established",
                              model.quantization.method));
}

EngineVerdict check_gpu(const Model& model, const GpuType& gpu, KvCacheType asked) {
  const int capability = gpu.compute_capability;
  const bool old = capability > 0 && capability < 80;
  const bool fp8_cache = effective_cache_type(model, asked) == KvCacheType::fp8;
  return first_refusal({
      of_gpu(check_capability(model, gpu)),
      remarked_if(old && model.quantization.quantized(), Kind::unknown, kQuantizationCapability,
                  fmt::format("SGLang checks the capability that a quantization needs; the figure "
                              "for {} was not established",
                              model.quantization.method)),
      remarked_if(capability > 0 && capability < 89 && fp8_cache, Kind::unknown, kFp8Cache,
                  "an fp8 cache needs attention kernels that take e4m3, which Triton's do from "
                  "compute capability 8.9: what SGLang does below was not established"),
      remark_cache_scheme(model, asked),
  });
}

EngineVerdict memory_remarks(const Model& model) {
  return first_refusal({
      remarked_if(has_short_reach(model.text), Kind::unknown, kSlidingWindow,
                  "which model classes get a smaller pool for sliding layers was not established: "
                  "they are counted as full ones"),
      remarked_if(has_states(model.text), Kind::unknown, kStateLayers,
                  "how SGLang divides memory between states and the cache, and how it cuts layers "
                  "with a state, was not established"),
  });
}

/// Where activations and graphs get less than SGLang would leave them.
EngineVerdict check_static_share(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                 const ServingLimits& limits) {
  if (!limits.utilisation_asked) return accepted_verdict();
  const Bytes reserve =
      default_reserve(gpu.memory, plan, has_latent(model.text), limits.batched_tokens);
  const std::int64_t own = default_static_fraction(gpu.memory, reserve);
  return remarked_if(
      limits.utilisation_ppm > own, Kind::unverified, kStaticFraction,
      fmt::format("a static share of {} leaves less for activations and graphs than SGLang's own "
                  "choice for this GPU, {}, which reserves {}: it may start and fail under load",
                  static_cast<double>(limits.utilisation_ppm) / 1e6, static_cast<double>(own) / 1e6,
                  bytes_text(reserve)));
}

}  // namespace

// Embedding, head and mixers as plan.tp ranks cut them; MLPs as all ranks do: the difference that
// the MLPs make to a stage is counted apart.
StageWeights rank_weights(const Model& model, ParallelPlan plan, const StageLayers& stage,
                          bool whole_encoder) {
  const ShardSizes attention = shard_sizes(plan, plan.tp);
  if (plan.dp == 1) return stage_weights(model, attention, stage, whole_encoder);
  Model without = model;
  for (LayerKind& kind : without.text.kinds) kind.mlp = std::monostate{};
  const ShardSizes all = shard_sizes(plan, stage_ranks(plan));
  StageWeights weights;
  const auto add = [&](const Model& part, const ShardSizes& sizes, int sign) {
    const StageWeights held = stage_weights(part, sizes, stage, whole_encoder);
    weights.total += sign * held.total;
    weights.replicated += sign * held.replicated;
  };
  add(without, attention, 1);
  add(model, all, 1);
  add(without, all, -1);
  return weights;
}

std::int64_t default_chunked_prefill(Bytes gpu_memory) {
  if (gpu_memory < 35 * kGiB) return 2048;
  if (gpu_memory < 60 * kGiB) return 4096;
  return gpu_memory < 160 * kGiB ? 8192 : 16'384;
}

// server_args.py _handle_gpu_memory_settings, without speculative decoding.
Bytes default_reserve(Bytes gpu_memory, ParallelPlan plan, bool latent_attention,
                      std::int64_t chunked_prefill) {
  const std::int64_t chunk = std::min<std::int64_t>(chunked_prefill, std::int64_t{1} << 30);
  const int ranks = stage_ranks(plan);
  const std::int64_t batch = graph_batch(gpu_memory, ranks);
  Bytes reserve = 512 * kMiB;
  reserve += std::max<std::int64_t>(chunk, 2048) * 3 * (kMiB / 2);
  reserve += 2 * batch * kMiB;
  reserve += Bytes{128} * ranks * plan.pp * kMiB;
  if (plan.dp > 1) {
    reserve += 3 * batch * plan.dp * kMiB;
    if (batch > 300) reserve += 3 * batch * plan.dp * (kMiB / 2);
  }
  reserve += latent_attention ? 1536 * kMiB : 8 * prefill_graphs(chunk) * kMiB;
  return gpu_memory > 60 * kGiB ? std::max(reserve, 10 * kGiB) : reserve;
}

std::int64_t default_static_fraction(Bytes gpu_memory, Bytes reserve) {
  if (reserve >= gpu_memory) return 0;
  const Bytes left = (gpu_memory - reserve) / kMiB;  // whole MiB: the engine counts in them
  const Bytes all = std::max<Bytes>(1, gpu_memory / kMiB);
  return (2000 * left + all) / (2 * all) * (kMillion / 1000);
}

std::int64_t Rules::utilisation(const Model& model, ParallelPlan plan, const GpuType& gpu,
                                const ServingLimits& limits) const {
  if (limits.utilisation_asked) return limits.utilisation_ppm;
  return default_static_fraction(
      gpu.memory, default_reserve(gpu.memory, plan, has_latent(model.text), limits.batched_tokens));
}

// model_executor/model_runner.py: the static share is of the memory that is free before weights
// load, when contexts and communication buffers are there. Activations are beside it.
EngineVerdict Rules::check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                           const ServingLimits& asked) const {
  EngineVerdict verdict = first_refusal({check_sizes(model, plan, asked.encoder_data_parallel),
                                         check_context(kContextLimit, model, asked.context),
                                         check_gpu(model, gpu, asked.kv_cache)});
  if (!verdict.accepted) return verdict;
  require_limits(asked);
  ServingLimits limits = asked;
  limits.kv_cache = effective_cache_type(model, asked.kv_cache);
  const WorkingMemory working = working_memory(model, plan, limits, overheads_);
  const Bytes before = std::max<Bytes>(0, gpu.memory - working.communication - working.runtime);
  const Bytes share = requested_bytes(before, utilisation(model, plan, gpu, limits));
  const std::vector<std::int64_t> layers = stage_layers(model.text.layers(), plan.pp);
  fill_stages(
      verdict, {model, plan, limits, working, layers},
      [&](const StageLayers& held) {
        return rank_weights(model, plan, held, limits.encoder_data_parallel);
      },
      [&](StageMemory& stage) {
        stage.budget = share;
        stage.outside = stage.working();
        stage.kv_available = share - stage.weights;
      });
  add_remarks(verdict, memory_remarks(model));
  add_remarks(verdict, check_static_share(model, plan, gpu, limits));
  refuse_without_cache(verdict, kNoCacheMemory, "the static share");
  remark_short_cache(verdict, kMaxLength, limits.context);
  return verdict;
}

}  // namespace headroom::sglang
