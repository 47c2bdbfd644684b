#pragma once
// What one GPU computes of one decoder layer, as engines launch it: matrix products, attention and
// what is moved between GPUs.

#include "sim/cost/element_type.hpp"
#include "sim/engine/engine.hpp"
#include "sim/hardware/gpu_type.hpp"
#include "sim/models/model.hpp"

#include <cstdint>
#include <vector>

namespace headroom {

/// A product of the tokens with a matrix of k x n. Matrices that read the same input are one
/// product, as engines fuse them (queries, keys and values; gate and up).
struct Product {
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::int64_t copies = 1;  // experts of this GPU
  ElementType type = ElementType::bf16;
  double weight_bytes = 2.0;  // of an element of the matrix, its scales among them
};

struct LayerKernels {
  std::vector<Product> products;         // of all tokens
  std::vector<Product> expert_products;  // of the tokens that chose an expert
  const Experts* experts = nullptr;
  const Attention* attention = nullptr;  // null: a state-space layer, or none
  std::int64_t q_heads = 0;              // of this GPU
  std::int64_t kv_heads = 0;
  std::int64_t state_bytes = 0;  // of a sequence, in state-space layers
  double mlp_width = 0.0;        // values of a token on this GPU between the products of the MLP
  bool mixes = false;            // has attention or a state-space mixer
  bool has_mlp = false;
};

/// Products in fp8 where the checkpoint's weights are 8-bit floats and the GPU multiplies them;
/// other quantized weights are multiplied in 16 bits and read in fewer.
[[nodiscard]] LayerKernels layer_kernels(const Model& model, const LayerKind& kind,
                                         ParallelPlan plan, const GpuType& gpu);

/// The LM head, of one GPU.
[[nodiscard]] Product head_product(const Model& model, ParallelPlan plan);

}  // namespace headroom
