#pragma once
// Quantized checkpoints: in how many bytes a tensor is stored.

#include "sim/core/units.hpp"
#include "sim/models/tensor.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace headroom {

/// How the quantizable matrices of a checkpoint are stored. Bytes per weight and scales:
/// docs/models.md.
struct Quantization {
  enum class Scheme {
    none,
    fp8_tensor,   // one scale per matrix
    fp8_channel,  // one per output
    fp8_block,    // one per block of block_out x block_in
    int8_channel,
    awq,      // 4 bits, groups of inputs, zero points
    gptq,     // 2, 3, 4 or 8 bits, groups of inputs, zero points
    integer,  // compressed-tensors: symmetric, in groups or per output
    mxfp4,    // blocks of 32
    mxfp8,
    nvfp4,  // blocks of 16
    bnb_4bit,
    bnb_8bit,
  };
  Scheme scheme = Scheme::none;
  std::string method;          // as the config names it: "fp8", "compressed-tensors"
  std::int64_t bits = 16;      // per weight, without scales
  std::int64_t group = 0;      // weights that share a scale along the inputs; 0 = all of them
  std::int64_t block_out = 0;  // of fp8_block
  std::int64_t block_in = 0;
  bool zero_points = false;
  bool act_order = false;      // desc_act
  bool static_inputs = false;  // activation scales are in the checkpoint
  bool experts_only = false;   // only the routed experts are quantized (gpt-oss)

  [[nodiscard]] bool quantized() const { return scheme != Scheme::none; }
  friend bool operator==(const Quantization&, const Quantization&) = default;
};

/// "FP8, blocks of 128 x 128", "4 bits in groups of 128 (AWQ)"; "" when not quantized.
[[nodiscard]] std::string describe(const Quantization& quantization);

/// Bytes of `copies` matrices of out x in with their scales, as the scheme stores them.
[[nodiscard]] Bytes quantized_bytes(const Quantization& quantization, std::int64_t out,
                                    std::int64_t in, std::int64_t copies);

}  // namespace headroom
