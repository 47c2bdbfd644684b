#include "sim/cost/layer_kernels.hpp"

#include "sim/engine/kv_cache.hpp"
#include "sim/engine/shard.hpp"

#include <algorithm>
#include <string_view>
#include <variant>

namespace headroom {
namespace {

// Each routed expert is cut over all ranks of a stage, or the experts are spread whole.
ShardSizes sizes_of(ParallelPlan plan) {
  const int ranks = plan.tp * plan.dp;
  return {plan.tp, plan.ep ? 1 : ranks, plan.ep ? ranks : 1, kVocabPadding};
}

bool is_fp8(const Quantization& quantization) {
  using Scheme = Quantization::Scheme;
  switch (quantization.scheme) {
    case Scheme::fp8_tensor:
    case Scheme::fp8_channel:
    case Scheme::fp8_block:
    case Scheme::mxfp8:
      return true;
    default:
      return false;
  }
}

Product product_of(const Model& model, const LayerKind& kind, const Tensor& whole,
                   const Tensor& part, const GpuType& gpu) {
  Product out{part.out, part.in, part.copies, ElementType::bf16,
              static_cast<double>(tensor_bytes(model, kind, whole)) /
                  static_cast<double>(whole.elements())};
  if (is_quantized(model, kind, whole) && is_fp8(quantization_of(model, whole)) &&
      gpu.fp8_rate > 0) {
    out.type = ElementType::fp8;
  }
  return out;
}

std::string_view block_of(const Tensor& tensor) {
  return std::string_view(tensor.name).substr(0, tensor.name.find('.'));
}

// Whether `next` reads what `before` reads, so that one product does both. What is split by inputs
// reads a share of its own.
bool reads_the_same(const Tensor& before, const Tensor& next) {
  return block_of(before) == block_of(next) && before.in == next.in &&
         before.split != Split::rows && next.split != Split::rows && !is_expert(before) &&
         !is_expert(next);
}

void add_products(const Model& model, const LayerKind& kind, const ShardSizes& sizes,
                  const GpuType& gpu, LayerKernels& out) {
  std::vector<Tensor> matrices;
  for (Tensor& tensor : layer_tensors(model.text, kind)) {
    if (tensor.in > 1) matrices.push_back(std::move(tensor));
  }
  std::vector<const Tensor*> fused;  // the first matrix of each of out.products
  for (const Tensor& tensor : matrices) {
    const Product product = product_of(model, kind, tensor, shard(tensor, sizes), gpu);
    if (is_expert(tensor)) {
      out.expert_products.push_back(product);
      continue;
    }
    const auto same = std::find_if(fused.begin(), fused.end(), [&](const Tensor* first) {
      return reads_the_same(*first, tensor);
    });
    const auto at = static_cast<std::size_t>(same - fused.begin());
    if (same != fused.end() && out.products[at].type == product.type) {
      out.products[at].n += product.n;
    } else {
      fused.push_back(&tensor);
      out.products.push_back(product);
    }
  }
}

double mlp_width(const LayerKind& kind, ParallelPlan plan) {
  const auto tp = static_cast<double>(plan.tp);
  if (const auto* mlp = std::get_if<Mlp>(&kind.mlp)) return static_cast<double>(mlp->width) / tp;
  const auto* experts = std::get_if<Experts>(&kind.mlp);
  if (experts == nullptr) return 0.0;
  const auto routed = static_cast<double>(experts->active * experts->width);
  return (routed + static_cast<double>(experts->shared_width)) / tp;
}

}  // namespace

LayerKernels layer_kernels(const Model& model, const LayerKind& kind, ParallelPlan plan,
                           const GpuType& gpu) {
  LayerKernels out;
  const ShardSizes sizes = sizes_of(plan);
  add_products(model, kind, sizes, gpu, out);
  out.experts = std::get_if<Experts>(&kind.mlp);
  out.attention = kind.attention();
  if (out.attention != nullptr) {
    out.q_heads = std::max<std::int64_t>(1, out.attention->heads / plan.tp);
    out.kv_heads = kv_heads_per_rank(*out.attention, plan.tp);
  }
  out.state_bytes =
      layer_cache(kind, plan.tp, model.dtype_bytes, KvCacheType::model).bytes_per_sequence;
  out.mlp_width = mlp_width(kind, plan);
  out.mixes = !std::holds_alternative<std::monostate>(kind.mixer);
  out.has_mlp = !std::holds_alternative<std::monostate>(kind.mlp);
  return out;
}

Product head_product(const Model& model, ParallelPlan plan) {
  const TextArch& text = model.text;
  const Tensor head{"lm_head", text.vocab, text.hidden, Split::vocabulary};
  const Tensor part = shard(head, sizes_of(plan));
  return {part.out, part.in, 1, ElementType::bf16, static_cast<double>(model.dtype_bytes)};
}

}  // namespace headroom
