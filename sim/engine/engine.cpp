#include "sim/engine/engine.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/nearest.hpp"
#include "sim/core/whole.hpp"
#include "sim/engine/llama_cpp.hpp"
#include "sim/engine/sglang.hpp"
#include "sim/engine/tensorrt_llm.hpp"
#include "sim/engine/vllm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace headroom {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

}  // namespace

Bytes requested_bytes(Bytes total, std::int64_t utilisation_ppm) {
  HEADROOM_ASSERT(total >= 0, fmt::format("{} bytes of GPU memory", total));
  HEADROOM_ASSERT(utilisation_ppm >= 0 && utilisation_ppm <= kMillion,
                  fmt::format("a share of {} millionths", utilisation_ppm));
  // total x U may pass int64; whole millions of it do not need rounding.
  const Bytes rest = total % kMillion * utilisation_ppm;
  return total / kMillion * utilisation_ppm + divide_up(rest, kMillion);
}

std::int64_t EngineRules::utilisation(const Model& /*model*/, ParallelPlan /*plan*/,
                                      const GpuType& /*gpu*/, const ServingLimits& limits) const {
  return limits.utilisation_ppm;
}

std::vector<Checkpoint> EngineRules::smaller_checkpoints(const Model& model) const {
  if (model.quantization.quantized()) return {};
  return {{"an FP8 checkpoint", as_fp8(model)}, {"a 4-bit checkpoint", as_4_bits(model)}};
}

std::string EngineRules::preparation(const Start& /*start*/) const { return ""; }

std::vector<int> EngineRules::accepted_tp(const Model& model, int max_tp) const {
  std::vector<int> out;
  for (int tp = 1; tp <= max_tp; ++tp) {
    if (check_shape(model, {tp, 1}).accepted) out.push_back(tp);
  }
  return out;
}

std::vector<ParallelPlan> EngineRules::accepted_plans(const Model& model, const PlanSizes& sizes,
                                                      const ServingLimits& limits) const {
  const bool experts = model.text.has_experts();
  const int max_dp = experts ? sizes.max_dp : 1;
  std::vector<ParallelPlan> out;
  const auto consider = [&](ParallelPlan plan) {
    if (plan.gpus() > sizes.max_gpus) return;
    if (check_shape(model, plan, limits).accepted) out.push_back(plan);
  };
  for (int tp = 1; tp <= sizes.max_tp; ++tp) {
    for (int pp = 1; pp <= sizes.max_pp; ++pp) {
      for (int dp = 1; dp <= max_dp; dp *= 2) {
        consider({tp, pp, dp});
        if (experts && tp * dp > 1) consider({tp, pp, dp, true});
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const ParallelPlan& a, const ParallelPlan& b) {
    const auto key = [](const ParallelPlan& p) { return std::tuple(p.gpus(), p.pp, p.dp, p.ep); };
    return key(a) < key(b);
  });
  return out;
}

Bytes short_per_gpu(const EngineVerdict& verdict) {
  if (verdict.accepted || verdict.refusal.phase != Refusal::Phase::memory) return 0;
  Bytes most = 0;
  for (const StageMemory& stage : verdict.stages) {
    most = std::max(most, stage.kv_per_sequence - stage.kv_available);
  }
  return most;
}

std::string plan_text(ParallelPlan plan) {
  std::string out = fmt::format("TP {} x PP {}", plan.tp, plan.pp);
  if (plan.dp > 1) out += fmt::format(" x DP {}", plan.dp);
  if (plan.ep) out += " with EP";
  if (plan.balanced) out += ", layers balanced";
  return out;
}

std::span<const std::string> engine_names() {
  static const std::vector<std::string> kNames{"vllm", "sglang", "tensorrt-llm", "llama.cpp"};
  return kNames;
}

std::span<const std::string> engine_choices() {
  static const std::vector<std::string> kChoices = [] {
    std::vector<std::string> out(engine_names().begin(), engine_names().end());
    for (const std::string_view version : vllm::versions()) {
      out.push_back(fmt::format("vllm@{}", version));
    }
    return out;
  }();
  return kChoices;
}

Result<std::unique_ptr<EngineRules>> make_engine(std::string_view name,
                                                 const MemoryOverheads& overheads) {
  if (name == "vllm") return vllm::make_rules(vllm::versions().front(), overheads);
  if (name.starts_with("vllm@")) return vllm::make_rules(name.substr(5), overheads);
  if (name == "sglang") return std::make_unique<sglang::Rules>(overheads);
  if (name == "tensorrt-llm") return std::make_unique<tensorrt_llm::Rules>(overheads);
  if (name == "llama.cpp") return std::make_unique<llama_cpp::Rules>(overheads);
  return fail(fmt::format("unknown engine '{}'", name.substr(0, 80)), {},
              suggest(name, engine_names()));
}

}  // namespace headroom
