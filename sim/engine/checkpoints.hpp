#pragma once
// Checkpoints in fewer bits that there could be of a model: facts of the formats, not of what
// somebody has published.

#include "sim/models/model.hpp"

#include <memory>
#include <string>
#include <vector>

namespace headroom {

struct Checkpoint {
  std::string what;  // "an FP8 checkpoint"
  std::shared_ptr<const Model> model;
};

/// FP8 with a scale per output.
[[nodiscard]] std::shared_ptr<const Model> as_fp8(const Model& model);
/// 4 bits in groups of 128 with zero points (AWQ). Dense widths that are an odd number of groups
/// are padded to whole eighths, as Qwen2.5-72B-Instruct-AWQ's is: they could not be cut else.
[[nodiscard]] std::shared_ptr<const Model> as_4_bits(const Model& model);
/// GGUF's Q8_0 and Q4_0: blocks of 32 weights and a scale of 16 bits (llama.cpp,
/// ggml/src/ggml-common.h block_q8_0 and block_q4_0).
[[nodiscard]] std::shared_ptr<const Model> as_q8_0(const Model& model);
[[nodiscard]] std::shared_ptr<const Model> as_q4_0(const Model& model);

}  // namespace headroom
