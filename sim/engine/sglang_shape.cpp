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
EngineVerdict check_vision(const Model& model, ParallelPlan plan) {
  if (!model.vision) return accepted_verdict();
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

EngineVerdict Rules::check_shape(const Model& model, ParallelPlan plan) const {
  require_sizes(plan);
  const TextArch& text = model.text;
  return first_refusal({
      check_pipeline(model, plan),
      check_dp_attention(text, plan),
      check_quantization(model, plan),
      check_heads(kHeads, Phase::model_build, text, plan.tp),
      check_kv_heads(kKvHeads, text, plan.tp),
      divides(kVocab, Phase::model_build, vocab_padded_to_64(text.vocab), plan.tp,
              "vocabulary rows (padded to 64) do"),
      check_mlp_width(kMlpWidth, text, stage_ranks(plan)),
      check_experts(text, plan),
      check_vision(model, plan),
      remarked_if(!model.encoders.empty() && plan.tp > 1, Kind::unknown, kEncoders,
                  "how encoders beside the vision tower are cut was not established: they are "
                  "counted as cut over the attention's GPUs"),
  });
}

std::string Rules::command(const Model& model, ParallelPlan plan,
                           const ServingLimits& limits) const {
  const int ranks = stage_ranks(plan);
  std::string out = fmt::format("python -m sglang.launch_server --model-path {}", model.hub_id);
  if (ranks > 1) out += fmt::format(" --tp-size {}", ranks);
  if (plan.pp > 1) out += fmt::format(" --pp-size {} --disable-overlap-schedule", plan.pp);
  if (plan.dp > 1) out += fmt::format(" --dp-size {} --enable-dp-attention", plan.dp);
  if (plan.ep && ranks > 1) out += fmt::format(" --ep-size {}", ranks);
  // The engine divides the prefill chunk by the data parallel size.
  out += fmt::format(
      " --context-length {} --max-running-requests {} --chunked-prefill-size {}"
      " --mem-fraction-static {}",
      limits.context, limits.sequences, limits.batched_tokens * plan.dp,
      static_cast<double>(limits.utilisation_ppm) / 1e6);
  if (limits.kv_cache == KvCacheType::fp8) out += " --kv-cache-dtype fp8_e4m3";
  if (limits.encoder_data_parallel && model.vision) out += " --mm-enable-dp-encoder";
  return out;
}

std::span<const EngineRules::RuleInfo> Rules::rules() const {
  const auto rule = [](std::string_view id, const char* description, const char* source,
                       Phase phase) {
    return RuleInfo{std::string(id), description, source, phase};
  };
  static const std::vector<RuleInfo> kRules{
      rule(kPipelineLayers, "every pipeline stage has a layer", "distributed/utils.py",
           Phase::configuration),
      rule(kQuantizedMoe, "a slice of an FP8 expert is whole blocks",
           "model_executor/model_runner_components/moe_ep_setup.py "
           "check_quantized_moe_compatibility",
           Phase::configuration),
      rule(kFp8Block, "each rank's part of an FP8 matrix is whole blocks",
           "layers/quantization/fp8.py Fp8LinearMethod.validate_block_quant_shapes",
           Phase::model_build),
      rule(kGroupSize, "each rank's inputs of a quantized matrix are whole groups",
           "layers/quantization/marlin_utils.py verify_marlin_supports_shape", Phase::model_build),
      rule(kHeads, "query heads divide by the attention's ranks",
           "models/*.py, layers/linear.py QKVParallelLinear", Phase::model_build),
      rule(kKvHeads, "KV heads split over, or are copied evenly to, the attention's ranks",
           "layers/linear.py QKVParallelLinear", Phase::model_build),
      rule(kVocab, "the vocabulary, padded to 64, divides", "layers/vocab_parallel_embedding.py",
           Phase::model_build),
      rule(kMlpWidth, "the widths of dense MLPs and shared experts divide by all ranks of a stage",
           "layers/linear.py MergedColumnParallelLinear, RowParallelLinear", Phase::model_build),
      rule(kExperts, "with expert parallelism the experts divide by all ranks of a stage",
           "layers/moe/fused_moe_triton/layer.py FusedMoE", Phase::model_build),
      rule(kExpertWidth, "without it the width of an expert does",
           "layers/moe/fused_moe_triton/layer.py FusedMoE", Phase::model_build),
      rule(kVisionHeads, "the vision tower's heads divide by the attention's ranks",
           "layers/attention/vision.py", Phase::model_build),
      rule(kCapability, "the GPU has compute capability 7.5 or higher",
           "model_executor/model_runner.py load_model", Phase::model_build),
      rule(kNoCacheMemory, "the static share holds more than the weights on every GPU",
           "model_executor/pool_configurator.py", Phase::memory),
  };
  return kRules;
}

std::span<const EngineRules::RemarkInfo> Rules::remarks() const {
  const auto note = [](std::string_view id, const char* description, const char* source) {
    return RemarkInfo{std::string(id), description, source};
  };
  static const std::vector<RemarkInfo> kRemarks{
      note(kPipelineSupport, "unknown: which classes implement pipeline stages", "server_args.py"),
      note(kDpAttention, "unknown: data parallel attention of this class",
           "layers/dp_attention.py compute_dp_attention_world_info"),
      note(kMarlin, "unknown: what happens where Marlin's tiles do not divide",
           "layers/quantization/marlin_utils.py verify_marlin_supports_shape"),
      note(kVisionMlpWidth, "unknown: whether the vision tower's MLP must divide", "not read"),
      note(kBf16, "fallback: below 8.0 a bf16 model runs in fp16",
           "model_executor/model_runner.py load_model"),
      note(kQuantizationCapability, "unknown: the capability that a quantization needs below 8.0",
           "model_loader/loader.py _get_quantization_config"),
      note(kFp8Cache, "unknown: what an fp8 cache needs of the GPU", "not read"),
      note(kSlidingWindow, "unknown: sliding layers are counted as full ones",
           "model_executor/pool_configurator.py"),
      note(kStateLayers, "unknown: memory and cutting of state-space layers", "not read"),
      note(kStaticFraction, "unverified: the static share is larger than SGLang's own choice",
           "server_args.py _handle_gpu_memory_settings"),
      note(kMaxLength, "unknown: whether a context that does not fit the cache is refused",
           "not found"),
      note(kExperts, "unknown: what expert parallelism does to a model without experts",
           "not read"),
      note(kEncoders, "unknown: how encoders beside the vision tower are cut", "not read"),
      note(kCapability, "unknown: the compute capability of the GPU", "the GPU type"),
      note(kCacheScheme, "unknown: whether a checkpoint that asks for an fp8 cache gets one",
           "not read"),
  };
  return kRemarks;
}

}  // namespace headroom::sglang
