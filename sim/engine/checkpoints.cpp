#include "sim/engine/checkpoints.hpp"

#include <cstdint>
#include <utility>
#include <variant>

namespace headroom {
namespace {

constexpr std::int64_t kAwqGroup = 128;
constexpr std::int64_t kGgufBlock = 32;

std::shared_ptr<Model> with_quantization(const Model& model, Quantization how) {
  auto out = std::make_shared<Model>(model);
  out->quantization = std::move(how);
  return out;
}

std::shared_ptr<const Model> in_blocks(const Model& model, std::int64_t bits) {
  Quantization how;
  how.scheme = Quantization::Scheme::integer;
  how.method = "gguf";
  how.bits = bits;
  how.group = kGgufBlock;
  return with_quantization(model, how);
}

}  // namespace

std::shared_ptr<const Model> as_fp8(const Model& model) {
  Quantization how;
  how.scheme = Quantization::Scheme::fp8_channel;
  how.method = "compressed-tensors";
  how.bits = 8;
  return with_quantization(model, how);
}

std::shared_ptr<const Model> as_4_bits(const Model& model) {
  Quantization how;
  how.scheme = Quantization::Scheme::awq;
  how.method = "awq";
  how.bits = 4;
  how.group = kAwqGroup;
  how.zero_points = true;
  auto out = with_quantization(model, how);
  constexpr std::int64_t kPadded = 8 * kAwqGroup;
  for (LayerKind& kind : out->text.kinds) {
    auto* mlp = std::get_if<Mlp>(&kind.mlp);
    if (mlp == nullptr || mlp->width % (2 * kAwqGroup) == 0) continue;
    mlp->width = (mlp->width + kPadded - 1) / kPadded * kPadded;
  }
  return out;
}

std::shared_ptr<const Model> as_q8_0(const Model& model) { return in_blocks(model, 8); }

std::shared_ptr<const Model> as_q4_0(const Model& model) { return in_blocks(model, 4); }

}  // namespace headroom
