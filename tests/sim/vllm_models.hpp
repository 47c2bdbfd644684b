#pragma once
// Models built by hand for the tests of vLLM's rules, from the figures of their published configs.

#include "sim/models/model.hpp"

#include <optional>
#include <string_view>

namespace headroom::test {

[[nodiscard]] Model mixtral_8x7b();
[[nodiscard]] Model mixtral_8x22b();
[[nodiscard]] Model qwen3_235b();
[[nodiscard]] Model qwen3_32b_fp8();
/// In bf16, as its shape alone.
[[nodiscard]] Model deepseek_v3();
[[nodiscard]] Model deepseek_v3_fp8();
[[nodiscard]] Model gpt_oss_120b();
[[nodiscard]] Model llama4_scout();
[[nodiscard]] Model qwen3_next();
/// Without its 8-bit weights, which no shape rule looks at.
[[nodiscard]] Model nemotron3_super();

/// Of the above, or of the catalogue, by hub id.
[[nodiscard]] std::optional<Model> model_by_hand(std::string_view hub_id);

/// Weights in FP8 blocks of 128 x 128.
[[nodiscard]] Quantization fp8_blocks();
/// Weights of 4 bits in groups.
[[nodiscard]] Quantization int4(Quantization::Scheme scheme, std::int64_t group);

}  // namespace headroom::test
