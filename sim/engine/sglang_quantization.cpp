// Which quantized checkpoints SGLang can cut.

#include "sim/engine/sglang.hpp"
#include "sim/engine/shard.hpp"
#include "sim/engine/shared_rules.hpp"
#include "sim/engine/verdict.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <variant>

namespace headroom::sglang {
namespace {

using Phase = Refusal::Phase;
using Scheme = Quantization::Scheme;

/// model_executor/model_runner_components/moe_ep_setup.py check_quantized_moe_compatibility. A plan
/// has whole experts or slices over all ranks, so that ep divides tp and moe_tp is 1 or all ranks.
EngineVerdict check_experts(const Model& model, const LayerKind& kind, ParallelPlan plan) {
  const Experts* experts = std::get_if<Experts>(&kind.mlp);
  const Quantization& q = expert_scheme(model);
  if (experts == nullptr || q.scheme != Scheme::fp8_block) return accepted_verdict();
  const int slices = plan.ep ? 1 : stage_ranks(plan);
  if (experts->width % slices != 0) {
    return refused_verdict(
        kQuantizedMoe, Phase::configuration,
        fmt::format("{} columns of each FP8 expert are not cut evenly into {} "
                    "slices ({} mod {} = {})",
                    experts->width, slices, experts->width, slices, experts->width % slices));
  }
  const std::int64_t slice = experts->width / slices;
  if (slice % q.block_out == 0) return accepted_verdict();
  return refused_verdict(
      kQuantizedMoe, Phase::configuration,
      fmt::format("{} slices of each expert have {} columns, which are not whole FP8 blocks of {} "
                  "({} mod {} = {})",
                  slices, slice, q.block_out, slice, q.block_out, slice % q.block_out));
}

/// layers/quantization/fp8.py Fp8LinearMethod.validate_block_quant_shapes. Some model classes skip
/// the check of merged matrices; which ones is not known here.
EngineVerdict check_block(const Quantization& q, const Tensor& tensor, const Tensor& part) {
  const bool by_rows = tensor.split == Split::rows;
  if (!by_rows && tensor.split != Split::columns && tensor.split != Split::units) {
    return accepted_verdict();
  }
  const std::int64_t block = by_rows ? q.block_in : q.block_out;
  const std::int64_t cut = by_rows ? part.in : part.out;
  if (cut % block == 0) return accepted_verdict();
  return refused_verdict(
      kFp8Block, Phase::model_build,
      fmt::format("each GPU has {} {} of {}, which are not whole FP8 blocks of {} ({} mod {} = {})",
                  cut, by_rows ? "inputs" : "outputs", tensor.name, block, cut, block,
                  cut % block));
}

/// layers/quantization/marlin_utils.py verify_marlin_supports_shape. What it does where only its
/// tile sizes do not divide was not established.
EngineVerdict check_groups(const Quantization& q, const Tensor& tensor, const Tensor& part) {
  if (tensor.split == Split::rows && q.group > 0 && q.group < tensor.in && !q.act_order &&
      part.in % q.group != 0) {
    return refused_verdict(
        kGroupSize, Phase::model_build,
        fmt::format("each GPU has {} inputs of {}, which are not whole groups of {} ({} mod {} = "
                    "{})",
                    part.in, tensor.name, q.group, part.in, q.group, part.in % q.group));
  }
  const bool tiles = part.in % 128 == 0 && part.out % 64 == 0;
  return remarked_if(
      !tiles, Remark::Kind::unknown, kMarlin,
      fmt::format("each GPU has {} x {} of {}, and Marlin takes outputs by 64 and inputs by 128: "
                  "whether SGLang then refuses or takes another kernel was not established",
                  part.out, part.in, tensor.name));
}

EngineVerdict check_matrix(const Quantization& q, const Tensor& tensor, const Tensor& part,
                           bool cut) {
  switch (q.scheme) {
    case Scheme::fp8_block:
      return cut ? check_block(q, tensor, part) : accepted_verdict();
    case Scheme::awq:
    case Scheme::gptq:
    case Scheme::integer:
      return check_groups(q, tensor, part);
    default:
      return accepted_verdict();
  }
}

/// Whether so many ranks can cut it: layers with a state, of which it was not established how they
/// are cut, may have sizes that do not divide, and then a rank's part is not known.
bool cut_evenly(const Tensor& tensor, int ranks) {
  if (tensor.split == Split::rows) return tensor.in % ranks == 0;
  if (tensor.split == Split::units) return tensor.units % ranks == 0 || ranks % tensor.units == 0;
  return tensor.split != Split::columns || tensor.out % ranks == 0;
}

/// Every quantized matrix of a kind of layer, as a rank holds it.
EngineVerdict check_matrices(const Model& model, const LayerKind& kind, ParallelPlan plan) {
  EngineVerdict all = accepted_verdict();
  for (const Tensor& tensor : layer_tensors(model.text, kind)) {
    if (is_expert(tensor) || !is_quantized(model, kind, tensor)) continue;
    const int ranks = tensor.name.starts_with("mlp.") ? stage_ranks(plan) : plan.tp;
    if (!cut_evenly(tensor, ranks)) continue;
    const Tensor part = shard(tensor, {ranks, 1, 1, 1});
    EngineVerdict verdict = check_matrix(model.quantization, tensor, part, ranks > 1);
    if (!verdict.accepted) return verdict;
    if (all.remarks.empty()) all.remarks = std::move(verdict.remarks);
  }
  return all;
}

}  // namespace

EngineVerdict check_quantized_experts(const Model& model, ParallelPlan plan) {
  std::vector<EngineVerdict> verdicts;
  for (const LayerKind& kind : model.text.kinds) {
    verdicts.push_back(check_experts(model, kind, plan));
  }
  return first_refusal(std::move(verdicts));
}

EngineVerdict check_quantized_matrices(const Model& model, ParallelPlan plan) {
  std::vector<EngineVerdict> verdicts;
  for (const LayerKind& kind : model.text.kinds) {
    verdicts.push_back(check_matrices(model, kind, plan));
  }
  return first_refusal(std::move(verdicts));
}

}  // namespace headroom::sglang
