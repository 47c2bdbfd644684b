// What llama.cpp's devices hold, and the command that starts it.

#include "sim/engine/llama_cpp.hpp"
#include "sim/engine/shared_rules.hpp"
#include "sim/engine/stage_budget.hpp"
#include "sim/engine/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace headroom::llama_cpp {
namespace {

using Kind = Remark::Kind;
using Phase = Refusal::Phase;

/// One device's part of a model in split mode "layer".
struct Device {
  std::int64_t first = 0;
  std::int64_t layers = 0;
  bool output = false;
};

std::vector<Device> devices_of(std::int64_t layers, int count) {
  // GPUs of one type have equal free memory.
  const std::vector<std::int64_t> shares(static_cast<std::size_t>(count), 1);
  const std::size_t output = output_device(layers, shares);
  std::vector<Device> devices;
  std::int64_t first = 0;
  for (const std::int64_t held : layers_by_share(layers, shares)) {
    devices.push_back({first, held, devices.size() == output});
    first += held;
  }
  return devices;
}

// src/llama-model.cpp load_tensors keeps the input layer on the CPU, which is as if it were a stage
// before the first device.
StageWeights device_weights(const Model& model, int tp, const Device& device) {
  const StageLayers held{1, device.output ? 2 : 3, device.first, device.layers};
  StageWeights weights = stage_weights(model, {tp, tp, 1, 1}, held, true);
  if (device.first == 0) {
    if (model.vision) weights.total += model.vision->parameters * model.dtype_bytes;
    for (const Encoder& encoder : model.encoders) {
      weights.total += encoder.shape.parameters * model.dtype_bytes;
    }
  }
  return weights;
}

/// An fp8 cache stands for q8_0: blocks of 32 bytes and a scale of two.
SequenceCost cache_cost(const Model& model, int tp, const Device& device, KvCacheType type) {
  SequenceCost cost = sequence_cost(cache_groups(model, device.first, device.layers, tp, type));
  if (type == KvCacheType::fp8) cost.per_token = (cost.per_token * 34 + 31) / 32;
  return cost;
}

EngineVerdict check_cache_type(ParallelPlan plan, const ServingLimits& limits) {
  if (limits.kv_cache != KvCacheType::fp8) return accepted_verdict();
  if (plan.tp > 1) {
    return refused_verdict(
        kCacheType, Phase::configuration,
        fmt::format("a cache in fewer bits cannot be cut over {} devices", plan.tp));
  }
  return remarked(Kind::fallback, kCacheType,
                  "there is no fp8 cache: q8_0 is taken, 8.5 bits a value");
}

EngineVerdict check_gpu(const GpuType& gpu) {
  const int capability = gpu.compute_capability;
  return remarked_if(
      capability > 0 && capability < 75, Kind::unverified, kCapability,
      fmt::format("{} has compute capability {}.{}: builds with CUDA 13 start at 7.5, earlier ones "
                  "at 5.0",
                  gpu.name, capability / 10, capability % 10));
}

/// Tokens of the one cache that all slots share: as many full sequences as are asked for and fit.
std::int64_t pool_tokens(const Start& start) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const std::int64_t held =
      std::max<std::int64_t>(1, std::min(start.limits.sequences, start.full_sequences));
  return start.limits.context > kMost / held ? kMost : held * start.limits.context;
}

std::string type_name(const std::string& dtype) {
  if (dtype == "bfloat16") return "bf16";
  return dtype == "float32" ? "f32" : "f16";
}

}  // namespace

EngineVerdict Rules::check(const Model& model, ParallelPlan plan, const GpuType& gpu,
                           const ServingLimits& limits) const {
  EngineVerdict verdict =
      first_refusal({check_shape(model, plan), check_cache_type(plan, limits), check_gpu(gpu)});
  if (!verdict.accepted) return verdict;
  require_limits(limits);
  Model held = padded_to_devices(model, plan.tp);
  const WorkingMemory working = working_memory(model, plan, limits, overheads_);
  const Bytes budget = requested_bytes(gpu.memory, limits.utilisation_ppm);
  std::vector<SequenceCost> costs;
  for (const Device& device : devices_of(model.text.layers(), plan.pp)) {
    costs.push_back(cache_cost(held, plan.tp, device, limits.kv_cache));
    StageMemory stage = stage_memory(device.layers, device_weights(held, plan.tp, device), working,
                                     costs.back(), limits.context);
    stage.budget = budget;
    stage.kv_available = budget - stage.weights - working.sum();
    verdict.stages.push_back(stage);
  }
  judge_stages(verdict, costs, model);
  add_remarks(verdict,
              remarked_if(has_short_reach(model.text), Kind::unknown, kSlidingWindow,
                          "how much less sliding layers cache was not established: they are "
                          "counted as full ones"));
  add_remarks(verdict, remark_context(Kind::fallback, kContextLimit, model, limits.context,
                                      "the server cuts each sequence off at that"));
  refuse_without_cache(verdict, kNoCacheMemory, "what llama.cpp may use");
  if (!verdict.accepted || full_sequence_fits(verdict)) return verdict;
  verdict.accepted = false;
  verdict.refusal =
      Refusal{std::string(kMaxLength), short_cache_words(verdict, limits.context), Phase::memory};
  return verdict;
}

std::string Rules::command(const Model& model, const Start& start) const {
  const ParallelPlan plan = start.plan;
  const ServingLimits& limits = start.limits;
  const int devices = plan.tp * plan.pp;
  const std::string name = model.hub_id.substr(model.hub_id.rfind('/') + 1);
  std::string out = fmt::format("llama-server -m {}.gguf -ngl all", name);
  if (start.nodes > 1) out += " --rpc $OTHERS";
  if (devices == 1) {
    out += " -sm none";
  } else {
    out += plan.tp > 1 ? " -sm tensor -ts 1" : " -sm layer -ts 1";
    for (int i = 1; i < devices; ++i) out += ",1";
  }
  const bool small_cache = limits.kv_cache == KvCacheType::fp8;
  out += fmt::format(" -c {} -np {} --kv-unified -b {} -ub {}", pool_tokens(start),
                     limits.sequences, limits.batched_tokens, limits.batched_tokens);
  if (plan.tp > 1 || small_cache) out += " -fa on";
  const std::string type = small_cache ? "q8_0" : type_name(model.dtype);
  return out + fmt::format(" -ctk {} -ctv {}", type, type);
}

std::vector<Checkpoint> Rules::smaller_checkpoints(const Model& model) const {
  if (model.quantization.quantized()) return {};
  return {{"a GGUF in 8 bits (Q8_0)", as_q8_0(model)}, {"a GGUF in 4 bits (Q4_0)", as_q4_0(model)}};
}

// tools/rpc/README.md.
std::string Rules::preparation(const Start& start) const {
  if (start.nodes == 1) return "";
  return fmt::format(
      "Build llama.cpp with GGML_RPC=ON, run rpc-server -H 0.0.0.0 -p 50052 on the other node{0}, "
      "set OTHERS to {1}, then run the command on the first. Its authors call this a proof of "
      "concept, and unsafe on an open network; how it spreads layers was not established.",
      start.nodes > 2 ? "s" : "",
      start.nodes > 2 ? "their addresses, as in second:50052,third:50052" : "its ADDRESS:50052");
}

std::span<const EngineRules::RuleInfo> Rules::rules() const {
  static const std::vector<RuleInfo> kRules{
      rule_info(
          kSplitMode,
          "layers are spread (pipeline parallel) or tensors are cut (tensor parallel), not both, "
          "and nothing is data or expert parallel",
          "common/arg.cpp --split-mode", Phase::configuration),
      rule_info(kCacheType, "tensors are cut only with a cache in 16 or 32 bits",
                "src/llama-context.cpp", Phase::configuration),
      rule_info(kArch, "tensors of this architecture can be cut",
                "src/llama-arch.cpp llm_arch_supports_sm_tensor", Phase::model_build),
      rule_info(kGranularity, "a cut query projection is whole groups of heads",
                "src/llama-model.cpp llama_meta_device_get_split_state", Phase::model_build),
      rule_info(kNoCacheMemory, "memory is left for a KV cache on every GPU",
                "the cache is allocated at start", Phase::memory),
      rule_info(kMaxLength, "one sequence of full length fits the KV cache",
                "the cache is allocated at start", Phase::memory),
  };
  return kRules;
}

std::span<const EngineRules::RemarkInfo> Rules::remarks() const {
  static const std::vector<RemarkInfo> kRemarks{
      remark_info(kTensorMode, "unverified: cutting tensors is experimental",
                  "common/arg.cpp --split-mode"),
      remark_info(kIdleDevices, "unverified: devices have no layer, or no attention work",
                  "src/llama-model.cpp load_tensors, llama_meta_device_get_split_state"),
      remark_info(kGguf, "unknown: GGUF sizes; weights are counted as the checkpoint stores them",
                  "not read"),
      remark_info(kVision, "unknown: the vision tower is counted whole on the first device",
                  "tools/server/README.md --mmproj"),
      remark_info(kCapability, "unverified: the build decides which GPUs are there",
                  "ggml/src/ggml-cuda/CMakeLists.txt"),
      remark_info(kSlidingWindow, "unknown: sliding layers are counted as full ones", "not read"),
      remark_info(kEncoders,
                  "unknown: encoders beside the vision tower are counted whole on the first device",
                  "not read"),
      remark_info(kContextLimit, "fallback: a sequence is cut off at the model's own context",
                  "tools/server/server-context.cpp"),
      remark_info(kCacheType, "fallback: an fp8 cache is taken as q8_0",
                  "common/arg.cpp --cache-type-k"),
  };
  return kRemarks;
}

}  // namespace headroom::llama_cpp
