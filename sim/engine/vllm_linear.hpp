#pragma once
// The matrices of a layer as vLLM multiplies them: some fused into one, each cut for one rank.

#include "sim/engine/vllm.hpp"

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace headroom::vllm {

/// One quantized linear layer, as a rank holds it.
struct LinearLayer {
  std::string name;  // as vLLM calls it: "self_attn.qkv_proj"
  Split split = Split::whole;
  std::int64_t in = 0;
  std::vector<std::int64_t> outs;  // several where matrices are fused

  [[nodiscard]] std::int64_t out() const {
    return std::accumulate(outs.begin(), outs.end(), std::int64_t{0});
  }
  [[nodiscard]] bool fused() const { return outs.size() > 1; }
};

/// The quantized layers of this kind, routed experts left out.
[[nodiscard]] std::vector<LinearLayer> quantized_layers(const Model& model, const LayerKind& kind,
                                                        const ShardSizes& sizes);

/// The routed experts of this kind, where they are quantized, else null.
[[nodiscard]] const Experts* quantized_experts(const Model& model, const LayerKind& kind);

}  // namespace headroom::vllm
