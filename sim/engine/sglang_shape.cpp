// Which sizes SGLang accepts by shape.

#include "sim/engine/sglang.hpp"
#include "sim/engine/shared_rules.hpp"
#include "sim/engine/verdict.hpp"

#include <fmt/format.h>

namespace headroom::sglang {
namespace {

using Kind = Remark::Kind;
using Phase = Refusal::Phase;

/// layers/attention/vision.py: heads divide by the attention's ranks. A tower that every rank holds
/// whole is not cut.
EngineVerdict check_vision(const Model& model, ParallelPlan plan, bool whole_encoder) {
  if (!model.vision) return accepted_verdict();
  if (whole_encoder) {
    return remarked(Kind::unknown, kEncoderMode,
                    "which model classes run their vision tower data parallel was not "
                    "established: it is counted whole on every GPU");
  }
  const std::int64_t width = model.vision->mlp_width;
  return first_refusal({
      divides(kVisionHeads, Phase::model_build, model.vision->heads, plan.tp,
              "heads of the vision tower do"),
      remarked_if(
          width % plan.tp != 0, Kind::unknown, kVisionMlpWidth,
          fmt::format("whether the {} columns of the vision tower's MLP must divide by tensor "
                      "parallel size {} was not established",
                      width, plan.tp)),
  });
}

/// layers/moe/fused_moe_triton/layer.py FusedMoE.__init__.
EngineVerdict check_experts(const TextArch& text, ParallelPlan plan) {
  if (plan.ep) return check_expert_count(kExperts, text, stage_ranks(plan));
  return check_expert_width(kExpertWidth, text, stage_ranks(plan));
}

EngineVerdict check_dp_attention(const TextArch& text, ParallelPlan plan) {
  const int ranks = stage_ranks(plan);
  return first_refusal({
      remarked_if(plan.dp > 1, Kind::unknown, kDpAttention,
                  "which model classes take data parallel attention, and how it cuts the embedding "
                  "and the LM head, was not established: they are counted as the attention is cut"),
      remarked_if(plan.ep && !text.has_experts(), Kind::unknown, kExperts,
                  fmt::format("what an expert parallel size of {} does to a model without experts "
                              "was not established",
                              ranks)),
  });
}

EngineVerdict check_pipeline(const Model& model, ParallelPlan plan) {
  return first_refusal({
      check_stage_count(kPipelineLayers, Phase::configuration, model.text, plan.pp),
      remarked_if(plan.pp > 1, Kind::unknown, kPipelineSupport,
                  fmt::format("only part of SGLang's models implement pipeline stages; whether {} "
                              "does was not established. The overlap schedule must be off",
                              model.architecture)),
  });
}

}  // namespace

// distributed/utils.py: what is left over goes to the last stages, one layer each.
std::vector<std::int64_t> stage_layers(std::int64_t layers, int pp) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(pp), layers / pp);
  const auto left = static_cast<std::size_t>(layers % pp);
  for (std::size_t i = 0; i < left; ++i) ++out[out.size() - 1 - i];
  return out;
}

EngineVerdict Rules::check_shape(const Model& model, ParallelPlan plan,
                                 const ServingLimits& limits) const {
  return check_sizes(model, plan, limits.encoder_data_parallel);
}

EngineVerdict Rules::check_sizes(const Model& model, ParallelPlan plan, bool whole_encoder) {
  require_sizes(plan);
  const TextArch& text = model.text;
  return first_refusal({
      check_pipeline(model, plan),
      check_dp_attention(text, plan),
      check_quantized_experts(model, plan),
      check_heads(kHeads, Phase::model_build, text, plan.tp),
      check_kv_heads(kKvHeads, text, plan.tp),
      check_vocab(kVocab, text, plan.tp),
      check_mlp_width(kMlpWidth, text, stage_ranks(plan)),
      check_experts(text, plan),
      check_quantized_matrices(model, plan),
      check_vision(model, plan, whole_encoder),
      remarked_if(!model.encoders.empty() && plan.tp > 1, Kind::unknown, kEncoders,
                  "how encoders beside the vision tower are cut was not established: they are "
                  "counted as cut over the attention's GPUs"),
  });
}

std::string Rules::command(const Model& model, const Start& start) const {
  const ParallelPlan plan = start.plan;
  const ServingLimits& limits = start.limits;
  const int ranks = stage_ranks(plan);
  std::string out = fmt::format("python -m sglang.launch_server --model-path {}", model.hub_id);
  if (ranks > 1) out += fmt::format(" --tp-size {}", ranks);
  if (plan.pp > 1) out += fmt::format(" --pp-size {} --disable-overlap-schedule", plan.pp);
  if (plan.dp > 1) out += fmt::format(" --dp-size {} --enable-dp-attention", plan.dp);
  if (plan.ep && ranks > 1) out += fmt::format(" --ep-size {}", ranks);
  if (start.nodes > 1) {
    out += fmt::format(" --nnodes {} --node-rank $RANK --dist-init-addr $FIRST:20000", start.nodes);
  }
  // The engine divides the prefill chunk by the data parallel size.
  out += fmt::format(" --context-length {} --max-running-requests {} --chunked-prefill-size {}",
                     limits.context, limits.sequences, limits.batched_tokens * plan.dp);
  if (limits.utilisation_asked) {
    out +=
        fmt::format(" --mem-fraction-static {}", static_cast<double>(limits.utilisation_ppm) / 1e6);
  }
  if (limits.kv_cache == KvCacheType::fp8) out += " --kv-cache-dtype fp8_e4m3";
  if (limits.encoder_data_parallel && model.vision) out += " --mm-enable-dp-encoder";
  return out;
}

// references/multi_node_deployment of its documentation; server_args.py for the even split.
std::string Rules::preparation(const Start& start) const {
  if (start.nodes == 1) return "";
  std::string out =
      "Run the command on every node, with RANK=0 on the first, 1 on the next, and so on, and "
      "FIRST=ADDRESS of the first.";
  if (start.plan.gpus() % start.nodes != 0) {
    out += fmt::format(
        " SGLang wants as many GPUs on each node, and {} are not spread evenly over {}: it refuses "
        "this.",
        start.plan.gpus(), start.nodes);
  }
  return out;
}

std::span<const EngineRules::RuleInfo> Rules::rules() const {
  static const std::vector<RuleInfo> kRules{
      rule_info(kPipelineLayers, "every pipeline stage has a layer", "distributed/utils.py",
                Phase::configuration),
      rule_info(kQuantizedMoe, "a slice of an FP8 expert is whole blocks",
                "model_executor/model_runner_components/moe_ep_setup.py "
                "check_quantized_moe_compatibility",
                Phase::configuration),
      rule_info(kHeads, "query heads divide by the attention's ranks",
                "models/*.py, layers/linear.py QKVParallelLinear", Phase::model_build),
      rule_info(kKvHeads, "KV heads split over, or are copied evenly to, the attention's ranks",
                "layers/linear.py QKVParallelLinear", Phase::model_build),
      rule_info(kVocab, "the vocabulary, padded to 64, divides",
                "layers/vocab_parallel_embedding.py", Phase::model_build),
      rule_info(
          kMlpWidth, "the widths of dense MLPs and shared experts divide by all ranks of a stage",
          "layers/linear.py MergedColumnParallelLinear, RowParallelLinear", Phase::model_build),
      rule_info(kExperts, "with expert parallelism the experts divide by all ranks of a stage",
                "layers/moe/fused_moe_triton/layer.py FusedMoE", Phase::model_build),
      rule_info(kExpertWidth, "without it the width of an expert does",
                "layers/moe/fused_moe_triton/layer.py FusedMoE", Phase::model_build),
      rule_info(kFp8Block, "each rank's part of an FP8 matrix is whole blocks",
                "layers/quantization/fp8.py Fp8LinearMethod.validate_block_quant_shapes",
                Phase::model_build),
      rule_info(kGroupSize, "each rank's inputs of a quantized matrix are whole groups",
                "layers/quantization/marlin_utils.py verify_marlin_supports_shape",
                Phase::model_build),
      rule_info(
          kVisionHeads,
          "the vision tower's heads divide by the attention's ranks, unless it runs data parallel",
          "layers/attention/vision.py", Phase::model_build),
      rule_info(kContextLimit, "the context is no longer than the model's own",
                "configs/model_config.py ModelConfig._derive_context_length", Phase::configuration),
      rule_info(kCapability, "the GPU has compute capability 7.5 or higher",
                "model_executor/model_runner.py load_model", Phase::model_build),
      rule_info(kNoCacheMemory, "the static share holds more than the weights on every GPU",
                "model_executor/pool_configurator.py", Phase::memory),
  };
  return kRules;
}

std::span<const EngineRules::RemarkInfo> Rules::remarks() const {
  static const std::vector<RemarkInfo> kRemarks{
      remark_info(kPipelineSupport, "unknown: which classes implement pipeline stages",
                  "server_args.py"),
      remark_info(kDpAttention, "unknown: data parallel attention of this class",
                  "layers/dp_attention.py compute_dp_attention_world_info"),
      remark_info(kMarlin, "unknown: what happens where Marlin's tiles do not divide",
                  "layers/quantization/marlin_utils.py verify_marlin_supports_shape"),
      remark_info(
          kEncoderMode,
          "unknown: which classes run their vision tower data parallel, where that is asked",
          "not read"),
      remark_info(kVisionMlpWidth, "unknown: whether the vision tower's MLP must divide",
                  "not read"),
      remark_info(kBf16, "fallback: below 8.0 a bf16 model runs in fp16",
                  "model_executor/model_runner.py load_model"),
      remark_info(kQuantizationCapability,
                  "unknown: the capability that a quantization needs below 8.0",
                  "model_loader/loader.py _get_quantization_config"),
      remark_info(kFp8Cache, "unknown: what an fp8 cache needs of the GPU", "not read"),
      remark_info(kSlidingWindow, "unknown: sliding layers are counted as full ones",
                  "model_executor/pool_configurator.py"),
      remark_info(kStateLayers, "unknown: memory and cutting of state-space layers", "not read"),
      remark_info(kStaticFraction,
                  "unverified: the static share is larger than SGLang's own choice",
                  "server_args.py _handle_gpu_memory_settings"),
      remark_info(kMaxLength, "unknown: whether a context that does not fit the cache is refused",
                  "not found"),
      remark_info(kExperts, "unknown: what expert parallelism does to a model without experts",
                  "not read"),
      remark_info(kEncoders, "unknown: how encoders beside the vision tower are cut", "not read"),
      remark_info(kCapability, "unknown: the compute capability of the GPU", "the GPU type"),
      remark_info(
          kCacheScheme,
          "fallback: an fp8 cache unasked, of a ModelOpt checkpoint that declares one or of "
          "DeepSeek-V4. Unknown of other checkpoints",
          "mem_cache/kv_cache_dtype.py configure_kv_cache_dtype, arg_groups/overrides.py"),
  };
  return kRemarks;
}

}  // namespace headroom::sglang
