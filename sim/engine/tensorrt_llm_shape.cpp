// Which sizes TensorRT-LLM accepts by shape.

#include "sim/engine/shared_rules.hpp"
#include "sim/engine/tensorrt_llm.hpp"
#include "sim/engine/verdict.hpp"

#include <fmt/format.h>

namespace headroom::tensorrt_llm {
namespace {

using Kind = Remark::Kind;
using Phase = Refusal::Phase;

/// mapping.py Mapping: with attention data parallelism the attention is whole on every rank.
EngineVerdict check_attention_dp(ParallelPlan plan) {
  if (plan.dp == 1 || plan.tp == 1) return accepted_verdict();
  return refused_verdict(
      kAttentionDp, Phase::configuration,
      fmt::format("attention data parallelism keeps the attention whole on every GPU, so {} "
                  "replicas of it cannot have {} GPUs each",
                  plan.dp, plan.tp));
}

/// mapping.py Mapping.ep_experts divides and drops what is left over.
EngineVerdict check_experts(const TextArch& text, ParallelPlan plan) {
  const int ranks = plan.tp * plan.dp;
  if (plan.ep) return check_expert_count(kExperts, text, ranks);
  const EngineVerdict even = check_expert_width(kExpertWidth, text, ranks);
  return remarked_if(!even.accepted, Kind::unknown, kExpertWidth,
                     even.refusal.sentence + ": whether that is refused was not established");
}

EngineVerdict check_unread(const Model& model, ParallelPlan plan) {
  const int ranks = plan.tp * plan.dp;
  return first_refusal({
      remarked_if(model.vision.has_value() && ranks > 1, Kind::unknown, kVision,
                  "how the vision tower is cut was not established: it is counted as cut over the "
                  "attention's GPUs"),
      remarked_if(!model.encoders.empty() && ranks > 1, Kind::unknown, kEncoders,
                  "how encoders beside the vision tower are cut was not established: they are "
                  "counted as cut over the attention's GPUs"),
      remarked_if(model.quantization.quantized() && ranks > 1, Kind::unknown, kQuantization,
                  fmt::format("whether {} can be cut over {} GPUs was not established",
                              describe_quantization(model), ranks)),
      remarked_if(has_states(model.text), Kind::unknown, kStateLayers,
                  "how layers with a state are cut, and where their states are kept, was not "
                  "established"),
  });
}

}  // namespace

// mapping.py Mapping.pp_layers: what is left over goes to the first stages, one layer each.
std::vector<std::int64_t> stage_layers(std::int64_t layers, int pp) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(pp), layers / pp);
  const auto left = static_cast<std::size_t>(layers % pp);
  for (std::size_t i = 0; i < left; ++i) ++out[i];
  return out;
}

EngineVerdict Rules::check_shape(const Model& model, ParallelPlan plan,
                                 const ServingLimits& /*limits*/) const {
  require_sizes(plan);
  const TextArch& text = model.text;
  return first_refusal({
      check_attention_dp(plan),
      check_stage_count(kPipelineLayers, Phase::model_build, text, plan.pp),
      check_heads(kHeads, Phase::model_build, text, plan.tp),
      check_kv_heads(kKvHeads, text, plan.tp),
      check_mlp_width(kMlpWidth, text, plan.tp),
      check_experts(text, plan),
      check_unread(model, plan),
  });
}

// There is no flag for attention data parallelism or the type of the cache: they stand in a file.
// The launcher under MPI is that of the documentation's example of two nodes, which has Slurm start
// it; with mpirun it was not established, but that it takes MPI's ranks.
std::string Rules::command(const Model& model, const Start& start) const {
  const ParallelPlan plan = start.plan;
  const ServingLimits& limits = start.limits;
  const int ranks = plan.tp * plan.dp;
  std::string options;
  if (plan.dp > 1) options += "enable_attention_dp: true\\n";
  if (limits.kv_cache == KvCacheType::fp8) options += "kv_cache_config: {dtype: fp8}\\n";
  std::string out;
  if (!options.empty()) out += fmt::format("printf '{}' > options.yaml && ", options);
  if (start.nodes > 1) {
    out += fmt::format("mpirun -n {} -H $HOSTS trtllm-llmapi-launch ", plan.gpus());
  }
  out += fmt::format("trtllm-serve {} --backend pytorch", model.hub_id);
  if (ranks > 1) out += fmt::format(" --tp_size {}", ranks);
  if (plan.pp > 1) out += fmt::format(" --pp_size {}", plan.pp);
  if (plan.ep && ranks > 1) out += fmt::format(" --ep_size {}", ranks);
  out += fmt::format(" --max_seq_len {} --max_batch_size {} --max_num_tokens {}", limits.context,
                     limits.sequences, limits.batched_tokens);
  if (limits.utilisation_asked) {
    out += fmt::format(" --kv_cache_free_gpu_memory_fraction {}",
                       static_cast<double>(limits.utilisation_ppm) / 1e6);
  }
  if (!options.empty()) out += " --config options.yaml";
  return out;
}

std::string Rules::preparation(const Start& start) const {
  if (start.nodes == 1) return "";
  return "HOSTS names the nodes with the GPUs of each, as in first:8,second:8; the first reaches "
         "the "
         "others by ssh, and options.yaml, if there is one, lies on all. TensorRT-LLM's "
         "documentation starts its launcher with Slurm (srun --mpi=pmix): with mpirun it was not "
         "established.";
}

std::span<const EngineRules::RuleInfo> Rules::rules() const {
  static const std::vector<RuleInfo> kRules{
      rule_info(kAttentionDp, "with attention data parallelism the attention is whole on every GPU",
                "mapping.py Mapping", Phase::configuration),
      rule_info(kPipelineLayers, "every pipeline stage has a layer", "mapping.py Mapping.pp_layers",
                Phase::model_build),
      rule_info(kHeads, "query heads divide by the attention's ranks",
                "_torch/modules/attention.py Attention.__init__", Phase::model_build),
      rule_info(kKvHeads, "KV heads split over, or are copied evenly to, the attention's ranks",
                "_torch/models/modeling_utils.py duplicate_kv_weight", Phase::model_build),
      rule_info(kMlpWidth, "the widths of dense MLPs and shared experts divide",
                "_torch/modules/linear.py Linear.__init__", Phase::model_build),
      rule_info(kExperts, "with expert parallelism the experts divide by all ranks of a stage",
                "mapping.py Mapping.ep_experts", Phase::model_build),
      rule_info(kNoCacheMemory, "weights and working memory leave memory free on every GPU",
                "documentation of free_gpu_memory_fraction", Phase::memory),
  };
  return kRules;
}

std::span<const EngineRules::RemarkInfo> Rules::remarks() const {
  static const std::vector<RemarkInfo> kRemarks{
      remark_info(kExpertWidth, "unknown: whether the width of an expert must divide", "not read"),
      remark_info(kVision, "unknown: how the vision tower is cut", "not read"),
      remark_info(kQuantization, "unknown: which quantized checkpoints can be cut", "not read"),
      remark_info(kStateLayers, "unknown: memory and cutting of state-space layers", "not read"),
      remark_info(kCapability, "unknown: the GPU is not among those that the documentation names",
                  "documentation 0.18.2, support matrix"),
      remark_info(kSlidingWindow, "unknown: sliding layers are counted as full ones", "not read"),
      remark_info(kMaxLength, "unknown: whether a context that does not fit the cache is refused",
                  "not found"),
      remark_info(kEncoders, "unknown: how encoders beside the vision tower are cut", "not read"),
      remark_info(kContextLimit, "unknown: a context longer than the model's own", "not read"),
      remark_info(kCacheScheme,
                  "fallback: an fp8 cache unasked, of a checkpoint that declares one. Unknown of "
                  "DeepSeek-V4",
                  "_torch/pyexecutor/model_loader.py validate_and_set_kv_cache_quant"),
  };
  return kRemarks;
}

}  // namespace headroom::tensorrt_llm
