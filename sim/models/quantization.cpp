#include "sim/models/quantization.hpp"

#include "sim/core/assert.hpp"
#include "sim/core/whole.hpp"
#include "sim/models/model.hpp"

#include <fmt/format.h>

namespace headroom {
namespace {

using Scheme = Quantization::Scheme;

constexpr std::int64_t kMicroscalingBlock = 32;  // OCP Microscaling Formats 1.0
constexpr std::int64_t kNvfp4Block = 16;
constexpr std::int64_t kBitsAndBytesBlock = 64;

/// Weights of `bits` each, scales of two bytes for each group of inputs of each output.
Bytes grouped_bytes(const Quantization& q, std::int64_t out, std::int64_t in) {
  const std::int64_t groups = q.group > 0 ? divide_up(in, q.group) : 1;
  Bytes bytes = divide_up(out * in * q.bits, 8) + groups * out * 2;
  if (q.zero_points) bytes += divide_up(groups * out * q.bits, 8);
  if (q.scheme == Scheme::gptq) bytes += in * 4;  // the group of every input
  return bytes;
}

Bytes matrix_bytes(const Quantization& q, std::int64_t out, std::int64_t in) {
  const std::int64_t elements = out * in;
  switch (q.scheme) {
    case Scheme::fp8_tensor:
      return elements + 4 + (q.static_inputs ? 4 : 0);
    case Scheme::fp8_channel:
    case Scheme::int8_channel:
    case Scheme::bnb_8bit:
      return elements + 4 * out;
    case Scheme::fp8_block:
      return elements + 4 * divide_up(out, q.block_out) * divide_up(in, q.block_in);
    case Scheme::awq:
    case Scheme::gptq:
    case Scheme::integer:
      return grouped_bytes(q, out, in);
    case Scheme::mxfp4:
      return divide_up(elements, 2) + divide_up(elements, kMicroscalingBlock);
    case Scheme::mxfp8:
      return elements + divide_up(elements, kMicroscalingBlock);
    case Scheme::nvfp4:
      return divide_up(elements, 2) + divide_up(elements, kNvfp4Block) + 8;
    case Scheme::bnb_4bit:
      return divide_up(elements, 2) + 4 * divide_up(elements, kBitsAndBytesBlock);
    case Scheme::none:
      break;
  }
  HEADROOM_ASSERT(false, "bytes of a matrix that is not quantized");
  return 0;
}

std::string groups_text(const Quantization& q) {
  return q.group > 0 ? fmt::format("groups of {}", q.group) : "one group per output";
}

}  // namespace

std::string describe(const Quantization& q) {
  switch (q.scheme) {
    case Scheme::none:
      return "";
    case Scheme::fp8_tensor:
      return "FP8, one scale per matrix";
    case Scheme::fp8_channel:
      return "FP8, one scale per output";
    case Scheme::fp8_block:
      return fmt::format("FP8, blocks of {} x {}", q.block_out, q.block_in);
    case Scheme::int8_channel:
      return "INT8, one scale per output";
    case Scheme::awq:
      return fmt::format("AWQ, {} bits, {}", q.bits, groups_text(q));
    case Scheme::gptq:
      return fmt::format("GPTQ, {} bits, {}", q.bits, groups_text(q));
    case Scheme::integer:
      return fmt::format("integers of {} bits, {}", q.bits, groups_text(q));
    case Scheme::mxfp4:
      return "MXFP4";
    case Scheme::mxfp8:
      return "MXFP8";
    case Scheme::nvfp4:
      return "NVFP4";
    case Scheme::bnb_4bit:
      return "bitsandbytes, 4 bits";
    case Scheme::bnb_8bit:
      return "bitsandbytes, 8 bits";
  }
  return "";
}

std::string describe_quantization(const Model& model) {
  const Quantization& all = model.quantization;
  if (all.experts_only) return "experts " + describe(all);
  if (!model.expert_quantization) return describe(all);
  return fmt::format("{}; experts {}", describe(all), describe(*model.expert_quantization));
}

Bytes quantized_bytes(const Quantization& quantization, std::int64_t out, std::int64_t in,
                      std::int64_t copies) {
  return copies * matrix_bytes(quantization, out, in);
}

}  // namespace headroom
