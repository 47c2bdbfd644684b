// Which sizes llama.cpp accepts, and what of a model goes to which device.

#include "sim/core/assert.hpp"
#include "sim/core/int128.hpp"
#include "sim/engine/llama_cpp.hpp"
#include "sim/engine/shared_rules.hpp"
#include "sim/engine/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace headroom::llama_cpp {
namespace {

using Kind = Remark::Kind;
using Phase = Refusal::Phase;

std::int64_t round_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b * b; }

/// common/arg.cpp --split-mode: one mode for all devices; neither mode has replicas or experts of
/// their own.
EngineVerdict check_mode(ParallelPlan plan) {
  if (plan.tp > 1 && plan.pp > 1) {
    return refused_verdict(kSplitMode, Phase::configuration,
                           fmt::format("either layers are spread over devices or tensors are cut, "
                                       "not both (tensor parallel {}, pipeline parallel {})",
                                       plan.tp, plan.pp));
  }
  if (plan.dp == 1 && !plan.ep) return accepted_verdict();
  return refused_verdict(kSplitMode, Phase::configuration,
                         plan.ep
                             ? "experts cannot be spread over devices whole"
                             : fmt::format("there is no data parallelism ({} replicas)", plan.dp));
}

/// src/llama-model.cpp llama_meta_device_get_split_state: query and output projections are cut at
/// whole groups of heads. The other unit, the block of a quantized type, is 1 element here.
EngineVerdict check_granularity(const TextArch& text) {
  for (const LayerKind& kind : text.kinds) {
    const Attention* attention = kind.attention();
    if (attention == nullptr || attention->latent) continue;
    const std::int64_t unit =
        std::max<std::int64_t>(1, attention->heads / attention->kv_heads) * attention->head_dim;
    const std::int64_t width = attention->heads * attention->head_dim;
    if (width % unit == 0) continue;
    return refused_verdict(kGranularity, Phase::model_build,
                           fmt::format("{} rows of the query projection are not whole groups of {} "
                                       "({} mod {} = {})",
                                       width, unit, width, unit, width % unit));
  }
  return accepted_verdict();
}

EngineVerdict check_tensor_mode(const Model& model, int devices) {
  if (devices == 1) return accepted_verdict();
  if (const auto name = refused_architecture(model.model_type)) {
    return refused_verdict(
        kArch, Phase::model_build,
        fmt::format("tensors of the architecture {} cannot be cut over {} devices", *name,
                    devices));
  }
  const std::int64_t kv_heads = model.text.kv_heads();
  return first_refusal({
      check_granularity(model.text),
      remarked(Kind::unverified, kTensorMode,
               "split mode tensor is experimental and changes quickly"),
      remarked_if(kv_heads > 0 && kv_heads < devices, Kind::unverified, kIdleDevices,
                  fmt::format("{} KV heads leave {} of {} devices without attention work", kv_heads,
                              devices - kv_heads, devices)),
  });
}

EngineVerdict check_layer_mode(const TextArch& text, int devices) {
  const std::vector<std::int64_t> shares(static_cast<std::size_t>(devices), 1);
  std::vector<std::int64_t> held = layers_by_share(text.layers(), shares);
  ++held[output_device(text.layers(), shares)];
  const auto idle = std::count(held.begin(), held.end(), 0);
  return remarked_if(idle > 0, Kind::unverified, kIdleDevices,
                     fmt::format("{} layers and the output leave {} of {} devices empty",
                                 text.layers(), idle, devices));
}

/// The device whose cumulative share first exceeds i / layers of the sum.
std::size_t device_of(std::int64_t i, std::int64_t layers,
                      const std::vector<std::int64_t>& shares) {
  const Int128 sum = std::accumulate(shares.begin(), shares.end(), Int128{0});
  Int128 reached = 0;
  for (std::size_t device = 0; device < shares.size(); ++device) {
    reached += shares[device];
    if (reached * layers > sum * i) return device;
  }
  HEADROOM_ASSERT(false, "shares of devices that are all 0");
  return 0;
}

}  // namespace

// src/llama-model.cpp load_tensors, in whole numbers where it has floats.
std::vector<std::int64_t> layers_by_share(std::int64_t layers,
                                          const std::vector<std::int64_t>& shares) {
  std::vector<std::int64_t> out(shares.size(), 0);
  for (std::int64_t i = 0; i < layers; ++i) ++out[device_of(i, layers + 1, shares)];
  return out;
}

std::size_t output_device(std::int64_t layers, const std::vector<std::int64_t>& shares) {
  return device_of(layers, layers + 1, shares);
}

// src/llama-arch.cpp llm_arch_supports_sm_tensor.
std::optional<std::string_view> refused_architecture(std::string_view model_type) {
  using Pair = std::pair<std::string_view, std::string_view>;
  static constexpr std::array kRefused{
      Pair{"mpt", "mpt"},
      Pair{"grok-1", "grok"},
      Pair{"deepseek_v2", "deepseek2"},
      Pair{"deepseek_v3", "deepseek2"},
      Pair{"kimi_k2", "deepseek2"},
      Pair{"deepseek_v32", "deepseek32"},
      Pair{"glm_moe_dsa", "glm-dsa"},
      Pair{"olmo2", "olmo2"},
      Pair{"olmoe", "olmoe"},
      Pair{"minimax_m2", "minimax-m2"},
      Pair{"gemma3n", "gemma3n"},
      Pair{"gemma3n_text", "gemma3n"},
      Pair{"mamba", "mamba"},
      Pair{"mamba2", "mamba2"},
      Pair{"jamba", "jamba"},
      Pair{"falcon_h1", "falcon-h1"},
      Pair{"nemotron_h", "nemotron_h"},
      Pair{"granitemoehybrid", "granitehybrid"},
      Pair{"lfm2", "lfm2"},
      Pair{"lfm2_moe", "lfm2moe"},
      Pair{"plamo2", "plamo2"},
      Pair{"kimi_linear", "kimi-linear"},
      Pair{"minicpm3", "minicpm3"},
      Pair{"mistral4", "mistral4"},
      Pair{"bitnet", "bitnet"},
      Pair{"t5", "t5"},
  };
  const auto* const at = std::find_if(kRefused.begin(), kRefused.end(),
                                      [&](const Pair& p) { return p.first == model_type; });
  if (at == kRefused.end()) return std::nullopt;
  return at->second;
}

Model padded_to_devices(const Model& model, int devices) {
  Model padded = model;
  for (LayerKind& kind : padded.text.kinds) {
    Attention* attention = kind.attention();
    if (attention == nullptr || attention->latent) continue;
    const std::int64_t group = std::max<std::int64_t>(1, attention->heads / attention->kv_heads);
    attention->kv_heads = round_up(attention->kv_heads, devices);
    attention->heads = attention->kv_heads * group;
  }
  return padded;
}

EngineVerdict Rules::check_shape(const Model& model, ParallelPlan plan,
                                 const ServingLimits& /*limits*/) const {
  require_sizes(plan);
  EngineVerdict verdict = check_mode(plan);
  if (!verdict.accepted) return verdict;
  const std::string quantization = describe_quantization(model);
  return first_refusal({
      check_tensor_mode(model, plan.tp),
      check_layer_mode(model.text, plan.pp),
      remarked(
          Kind::unknown, kGguf,
          model.quantization.method == "gguf"
              ? std::string(
                    "llama.cpp reads GGUF files: weights are counted with the same type for "
                    "all matrices but the token embedding")
              : fmt::format("llama.cpp reads GGUF files: weights are counted as the checkpoint "
                            "stores them, {}",
                            quantization.empty() ? "in " + model.dtype : quantization)),
      remarked_if(model.vision.has_value(), Kind::unknown, kVision,
                  "the vision tower is a file of its own: it is counted whole on the first device"),
      remarked_if(!model.encoders.empty(), Kind::unknown, kEncoders,
                  "where encoders beside the vision tower go was not established: they are counted "
                  "whole on the first device"),
  });
}

}  // namespace headroom::llama_cpp
