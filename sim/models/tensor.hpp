#pragma once
// The weights of a model as a list of tensors: the one place from which parameter counts,
// checkpoint bytes, bytes per GPU and divisibility follow.

#include <cstdint>
#include <string>
#include <vector>

namespace headroom {

/// How tensor parallelism cuts a tensor. Sizes that must divide are the engine's rules; here it
/// only says along which dimension.
enum class Split {
  whole,       // every rank holds all of it
  columns,     // its outputs are split
  rows,        // its inputs are split
  units,       // its outputs are `units` equal parts (KV heads): split, or copied where there are
               // more ranks than parts
  vocabulary,  // its rows are the vocabulary, padded first
  expert_columns,  // one matrix per expert, outputs split
  expert_rows,     // one matrix per expert, inputs split
  expert_whole,    // one vector per expert, held by the ranks that hold the expert
};

/// `copies` matrices of out x in elements, or vectors (in = 1).
struct Tensor {
  std::string name;  // within its layer, as checkpoints call it: "self_attn.q_proj"
  std::int64_t out = 0;
  std::int64_t in = 1;
  Split split = Split::whole;
  std::int64_t copies = 1;   // experts
  std::int64_t units = 1;    // of Split::units
  bool quantizable = false;  // a matrix that quantized checkpoints store in fewer bits

  [[nodiscard]] std::int64_t elements() const { return out * in * copies; }
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// Whether it belongs to the routed experts of a layer.
[[nodiscard]] inline bool is_expert(const Tensor& tensor) {
  return tensor.split == Split::expert_columns || tensor.split == Split::expert_rows ||
         tensor.split == Split::expert_whole;
}

struct LayerKind;
struct TextArch;

/// The tensors of one layer of this kind, in a model of this hidden size.
[[nodiscard]] std::vector<Tensor> layer_tensors(const TextArch& text, const LayerKind& kind);
/// The embedding table, with learned positions where there are.
[[nodiscard]] std::vector<Tensor> embedding_tensors(const TextArch& text);
/// The norm after the last layer, and the LM head (a table of its own unless tied).
[[nodiscard]] std::vector<Tensor> head_tensors(const TextArch& text);

}  // namespace headroom
