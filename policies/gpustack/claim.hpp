#pragma once
// How much memory GPUStack takes a model to need, and what it charges a GPU that it gives.

#include "policies/gpustack/ask.hpp"
#include "sim/core/units.hpp"

#include <optional>
#include <string_view>

namespace headroom::gpustack {

/// Share of each GPU that vLLM is given where nobody asks for another.
inline constexpr double kVllmFraction = 0.9;

/// floor(1.2 x weights) + 2 GiB for language models, + 512 MiB for others; factor 3 for text to
/// speech; the weights alone for images. `weights` with adapters, in bytes of files.
[[nodiscard]] Bytes claim_of_weights(Bytes weights, const std::vector<Category>& categories);

/// Weights as guessed up to v0.5: billions of parameters read from the name ("gemma-3-27b-it"),
/// times bytes per parameter. nullopt where the name has no such number; the claim is then 2 GiB.
[[nodiscard]] std::optional<Bytes> weights_from_name(std::string_view name,
                                                     double bytes_per_parameter);

/// floor(total x fraction): what a GPU is charged, whatever the model needs. A fraction outside
/// [0, 1], as SGLang's formula gives for large parameters, counts as its nearer end.
[[nodiscard]] Bytes charge(Bytes total, double fraction);

/// --gpu-memory-utilization, else 0.9; 0 ("not applied") for models that are neither language
/// models nor speech to text, but for three Qwen3 architectures.
[[nodiscard]] double vllm_fraction(const Ask& ask);

/// RAM of an instance with this VRAM on its main worker; nullopt: it claims none.
[[nodiscard]] std::optional<Bytes> ram_claim(const Ask& ask, Bytes vram_on_main);

}  // namespace headroom::gpustack
