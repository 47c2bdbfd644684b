#pragma once
// How serving engines differ in what a step costs, beside the kernels they share.

#include <cstdint>
#include <optional>
#include <string_view>

namespace headroom {

struct EngineTraits {
  std::string_view collectives;  // implementation whose measurements apply: "vllm_graph"
  /// Norms are done by the all-reduce before them, positions and the rounding of outputs by the
  /// attention kernel.
  bool fuses_small_kernels = false;
  /// Prompts are worked on in steps of their own, which all sequences wait for; else in the steps
  /// that sequences decode in, up to `step_tokens` together.
  bool prompts_first = false;
  std::int64_t step_tokens = 8192;
  /// What an attention kernel costs less than FlashAttention 3 in vLLM, which profiles have: least
  /// times of published H200 tables at head size 128 (aiconfigurator: vLLM 0.24 10.8 us, SGLang
  /// 0.5.14 8.7 us, TensorRT-LLM 1.3 5.3 us).
  double attention_less_us = 0.0;
  bool graphs = true;  // kernels are replayed from CUDA graphs, not launched one by one
};

/// By the name of the engine's rules ("vllm", "vllm@0.10", "sglang", "tensorrt-llm"); none for
/// others, whose kernels nobody has measured (llama.cpp).
[[nodiscard]] std::optional<EngineTraits> engine_traits(std::string_view engine);

}  // namespace headroom
