#include "sim/engine/shard.hpp"

#include "sim/core/whole.hpp"

#include <algorithm>

namespace headroom {
namespace {

/// Biases have no inputs to pad.
std::int64_t padded_inputs(const Tensor& tensor, std::int64_t in, std::int64_t unit) {
  return tensor.in > 1 ? round_up(in, unit) : in;
}

}  // namespace

Tensor shard(const Tensor& tensor, const ShardSizes& sizes) {
  Tensor part = tensor;
  switch (tensor.split) {
    case Split::whole:
      break;
    case Split::columns:
      part.out = divide_up(tensor.out, sizes.tp);
      break;
    case Split::rows:
      part.in = divide_up(tensor.in, sizes.tp);
      break;
    case Split::units:
      part.units = std::max<std::int64_t>(1, tensor.units / sizes.tp);
      part.out = tensor.out / tensor.units * part.units;
      break;
    case Split::vocabulary:
      part.out = divide_up(round_up(tensor.out, sizes.vocab_padding), sizes.tp);
      break;
    case Split::expert_columns:
      part.copies = divide_up(tensor.copies, sizes.expert_groups);
      part.out = divide_up(tensor.out, sizes.expert_width);
      // Gate and up are one tensor: each half is padded.
      if (sizes.expert_width_padding > 1) {
        part.out = round_up(part.out, 2 * sizes.expert_width_padding);
      }
      part.in = padded_inputs(tensor, tensor.in, sizes.expert_hidden_padding);
      break;
    case Split::expert_rows:
      part.copies = divide_up(tensor.copies, sizes.expert_groups);
      part.out = round_up(tensor.out, sizes.expert_hidden_padding);
      part.in = padded_inputs(tensor, divide_up(tensor.in, sizes.expert_width),
                              sizes.expert_width_padding);
      break;
    case Split::expert_whole:
      part.copies = divide_up(tensor.copies, sizes.expert_groups);
      part.out = round_up(tensor.out, sizes.expert_hidden_padding);
      break;
  }
  return part;
}

bool is_replicated(const Tensor& tensor, const ShardSizes& sizes) {
  const int ranks = is_expert(tensor) ? sizes.expert_width * sizes.expert_groups : sizes.tp;
  ShardSizes unpadded = sizes;
  unpadded.vocab_padding = unpadded.expert_width_padding = unpadded.expert_hidden_padding = 1;
  return ranks > 1 && shard(tensor, unpadded).elements() == tensor.elements();
}

}  // namespace headroom
