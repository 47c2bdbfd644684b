#include "sim/engine/balanced_stages.hpp"
#include "sim/engine/saturating.hpp"
#include "sim/engine/shared_rules.hpp"
#include "sim/engine/stage_budget.hpp"
#include "sim/engine/vllm_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom::vllm {
namespace {

using StageGroups = std::vector<std::vector<CacheGroup>>;

void refuse(EngineVerdict& verdict, Refusal refusal) {
  verdict.accepted = false;
  verdict.refusal = std::move(refusal);
}

/// Whether layers of several kinds share a pool. v0.10 turns that off for chunked attention
/// (VLLM_ALLOW_CHUNKED_LOCAL_ATTN_WITH_HYBRID_KV_CACHE).
bool hybrid_cache(const Model& model, const MemoryOverheads& overheads, Version version) {
  const auto& kinds = model.text.kinds;
  const bool chunked = std::any_of(kinds.begin(), kinds.end(), [](const LayerKind& kind) {
    return kind.attention() != nullptr && kind.attention()->reach == Attention::Reach::chunked;
  });
  return overheads.hybrid_kv_cache && !(chunked && version == Version::v0_10);
}

/// The longest context of which one sequence fits every stage; 0 if none does.
std::int64_t longest_context(const EngineVerdict& verdict, const StageGroups& groups,
                             std::int64_t limit, std::int64_t batched_tokens,
                             const CachePool& pool) {
  const auto fits = [&](std::int64_t context) {
    for (std::size_t s = 0; s < groups.size(); ++s) {
      const Bytes need = kv_bytes_per_sequence(groups[s], context, batched_tokens, pool);
      if (need == kSaturated || need > verdict.stages[s].kv_available) return false;
    }
    return true;
  };
  if (fits(limit)) return limit;
  std::int64_t low = 0;
  std::int64_t high = limit;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

/// Refuses when a stage has no cache, or one too small for a sequence.
void judge(EngineVerdict& verdict, const ServingLimits& limits) {
  refuse_without_cache(verdict, kNoCacheMemory, "the budget");
  if (!verdict.accepted || full_sequence_fits(verdict)) return;
  std::string sentence = short_cache_words(verdict, limits.context);
  if (verdict.longest_context > 0) {
    sentence += fmt::format("; the longest context that fits is {}", verdict.longest_context);
  }
  refuse(verdict, {std::string(kMaxLength), std::move(sentence), Refusal::Phase::memory});
}

/// Whether every rank holds the vision tower whole, as was asked.
bool whole_encoder(const Model& model, const ServingLimits& limits, Version version,
                   Remarks& remarks) {
  if (!limits.encoder_data_parallel || !model.vision) return false;
  if (!encoder_runs_whole(model)) {
    remark(remarks, Remark::Kind::fallback, kEncoderMode,
           fmt::format("{} cannot run its vision tower data parallel: it is cut over the ranks",
                       model.architecture));
    return false;
  }
  if (version == Version::v0_10) {
    remark(remarks, Remark::Kind::unknown, kEncoderMode,
           fmt::format("whether v0.10 runs the vision tower of {} data parallel is not established",
                       model.architecture));
  }
  return true;
}

/// Type of the cache: `auto` follows the checkpoint.
KvCacheType cache_type(const Question& q, KvCacheType asked, Remarks& remarks) {
  const KvCacheType kept = effective_cache_type(q.model, asked);
  if (kept == asked) return asked;
  if (q.version == Version::v0_10) {
    // It has no DeepSeek-V4.
    if (q.model.kv_cache_scheme.empty()) return asked;
    remark(
        remarks, Remark::Kind::unknown, kCacheScheme,
        "the checkpoint asks for an fp8 cache; whether v0.10 then keeps one was not established: "
        "it is counted in the model's own type");
    return asked;
  }
  if (has_fp8_cache_alone(q.model)) {
    remark(remarks, Remark::Kind::fallback, kFp8CacheAlone,
           "vLLM refuses DeepSeek-V4 with the cache type 'auto' on compute capability 9.0 and 12.0 "
           "(10.0: not established), where it is kept in fp8 alone: it is counted in fp8, and the "
           "command asks for that");
    return kept;
  }
  remark(remarks, Remark::Kind::fallback, kCacheScheme,
         "the checkpoint asks for an fp8 cache, and gets one without --kv-cache-dtype");
  return kept;
}

/// Ranks of a stage that sum or exchange results: replicas share routed experts, and nothing else.
int exchanging_ranks(const Model& model, ParallelPlan plan) {
  return model.text.has_experts() ? plan.tp * plan.dp : plan.tp;
}

/// The stages of one deployment, filled in one after the other.
class Budget {
 public:
  Budget(const Question& question, const GpuType& gpu, const ServingLimits& limits,
         const MemoryOverheads& overheads)
      : q_(question), gpu_(gpu), limits_(limits), overheads_(overheads) {
    const Model& model = q_.model;
    const std::int64_t all = model.text.layers();
    pool_ = cache_pool(groups(0, all), hybrid_cache(model, overheads, q_.version));
    layers_ = stage_layers(all, q_.plan.pp);
    if (q_.plan.balanced) {
      const auto chosen =
          balance_stages(all, q_.plan.pp, std::max<std::int64_t>(1, limits.sequences),
                         [this](const StageLayers& held) { return holds(held); });
      if (chosen) layers_ = *chosen;
    }
    std::int64_t first = 0;
    for (const std::int64_t count : layers_) {
      groups_.push_back(groups(first, count));
      first += count;
    }
  }

  void fill(EngineVerdict& verdict) const {
    std::int64_t first = 0;
    for (std::size_t s = 0; s < layers_.size(); ++s) {
      verdict.stages.push_back(
          stage({static_cast<int>(s), q_.plan.pp, first, layers_[s]}, groups_[s]));
      first += layers_[s];
    }
    verdict.longest_context =
        longest_context(verdict, groups_, context_limit(q_.model), limits_.batched_tokens, pool_);
    verdict.full_sequences = full_sequences(verdict);
    verdict.worst_stage = worst_stage(verdict);
    for (const std::vector<CacheGroup>& groups : groups_) {
      if (pages_are_even(groups, pool_)) continue;
      remark(verdict.remarks, Remark::Kind::unknown, kCacheLayout,
             "cache blocks of this model's layers differ in size and do not divide: how the engine "
             "shares them is not established");
    }
    judge(verdict, limits_);
  }

 private:
  [[nodiscard]] std::vector<CacheGroup> groups(std::int64_t first, std::int64_t layers) const {
    return cache_groups(q_.model, first, layers, q_.plan.tp, limits_.kv_cache,
                        SparseLatent::packed);
  }
  [[nodiscard]] std::int64_t holds(const StageLayers& held) const {
    const StageMemory there = stage(held, groups(held.first, held.layers));
    if (there.kv_available <= 0) return 0;
    if (there.kv_per_sequence == 0) return limits_.sequences;
    return there.kv_available / there.kv_per_sequence;
  }
  [[nodiscard]] StageMemory stage(const StageLayers& held,
                                  const std::vector<CacheGroup>& groups) const {
    const StageWeights weights = rank_weights(q_.model, q_.plan, gpu_, held, q_.whole_encoder);
    StageMemory stage;
    stage.layers = held.layers;
    stage.weights = weights.total;
    stage.replicated_weights = weights.replicated;
    stage.activations = activation_bytes(q_.model, q_.plan.tp, limits_.batched_tokens, overheads_);
    stage.communication = communication_bytes(exchanging_ranks(q_.model, q_.plan), overheads_);
    stage.runtime = overheads_.runtime;
    stage.cuda_graphs = q_.version == Version::v0_10 ? 0 : overheads_.cuda_graphs;
    stage.budget = requested_bytes(gpu_.memory, limits_.utilisation_ppm);
    stage.kv_available = stage.budget - stage.weights - stage.working();
    stage.kv_per_sequence =
        kv_bytes_per_sequence(groups, limits_.context, limits_.batched_tokens, pool_);
    for (const CacheGroup& group : groups) {
      if (group.cache.reach == Attention::Reach::full || !pool_.hybrid) {
        stage.kv_per_token += group.layers * group.cache.bytes_per_token;
      }
    }
    return stage;
  }

  const Question& q_;
  const GpuType& gpu_;
  const ServingLimits& limits_;
  const MemoryOverheads& overheads_;
  CachePool pool_;
  std::vector<std::int64_t> layers_;
  StageGroups groups_;
};

}  // namespace

// gpu_memory_utilization's default, which went from 0.90 to the 0.92 of ServingLimits.
std::int64_t Rules::share(const ServingLimits& limits) const {
  constexpr std::int64_t kOwnOfV010 = 900'000;
  const bool own = version_ == Version::v0_10 && !limits.utilisation_asked;
  return own ? kOwnOfV010 : limits.utilisation_ppm;
}

std::int64_t Rules::utilisation(const Model& /*model*/, ParallelPlan /*plan*/,
                                const GpuType& /*gpu*/, const ServingLimits& limits) const {
  return share(limits);
}

EngineVerdict Rules::check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                           const ServingLimits& asked) const {
  ServingLimits limits = asked;
  require_limits(limits);
  limits.utilisation_ppm = share(asked);
  Remarks remarks;
  const bool whole = whole_encoder(model, limits, version_, remarks);
  const Question question{model, plan, version_, whole, gpu.compute_capability};
  EngineVerdict verdict = vllm::check_shape(question);
  verdict.remarks.insert(verdict.remarks.end(), remarks.begin(), remarks.end());
  if (!verdict.accepted) return verdict;
  // config/model.py _get_and_verify_max_len (recalled).
  if (EngineVerdict longer = check_context(kContextLimit, model, limits.context);
      !longer.accepted) {
    refuse(verdict, std::move(longer.refusal));
    return verdict;
  }
  const ServedType type = served_type(question, verdict.remarks);
  limits.kv_cache = cache_type(question, asked.kv_cache, verdict.remarks);
  if (auto found = check_gpu(question, type, limits.kv_cache, verdict.remarks)) {
    found->of_gpu = true;
    refuse(verdict, std::move(*found));
    return verdict;
  }
  if (type.bytes == model.dtype_bytes) {
    Budget(question, gpu, limits, overheads_).fill(verdict);
    return verdict;
  }
  Model served = model;
  served.dtype_bytes = type.bytes;
  const Question as_served{served, plan, version_, whole, gpu.compute_capability};
  Budget(as_served, gpu, limits, overheads_).fill(verdict);
  return verdict;
}

}  // namespace headroom::vllm
