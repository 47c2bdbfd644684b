#pragma once
// What one kernel of one GPU is asked to do, as fits see it: which fit it is of, the work it counts
// and the sizes that its speed depends on.

#include "sim/cost/element_type.hpp"
#include "sim/cost/log_grid.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace headroom {

enum class Kernel : std::uint8_t {
  prefill,         // attention of prompts, or of chunks of them
  decode,          // attention of one new token a sequence
  matmul,          // m x k by k x n
  latent_prefill,  // multi-head latent attention
  latent_decode,
  all_reduce,
  all_gather,
  reduce_scatter,
  alltoall,
  send_recv
};
inline const std::array<std::string, 10> kKernels = {
    "prefill",    "decode",     "matmul",         "latent_prefill", "latent_decode",
    "all_reduce", "all_gather", "reduce_scatter", "alltoall",       "send_recv"};

/// What joins the GPUs of a node.
enum class Topology : std::uint8_t { nvswitch, nvlink_pairs };
inline const std::array<std::string, 2> kTopologies = {"nvswitch", "nvlink_pairs"};

/// What has a fit of its own. What does not apply to a kernel is as here.
struct FitKey {
  Kernel kernel = Kernel::matmul;
  ElementType type = ElementType::bf16;
  ElementType kv_type = ElementType::bf16;  // of attention
  std::int64_t head_dim = 0;                // of attention, but for latent
  std::optional<Topology> topology;         // of collectives
  std::int64_t gpus_per_node = 0;           // of collectives that cross nodes

  friend auto operator<=>(const FitKey&, const FitKey&) = default;
};

/// Work that is counted, not measured.
struct Work {
  double flops = 0.0;
  double bytes = 0.0;  // to and from the GPU's memory
  double exps = 0.0;   // of softmax: one for each query, key and head that is not masked
  double wire_bytes = 0.0;
  double hops = 0.0;  // messages one after another
};

struct KernelLoad {
  FitKey key;
  Work work;
  std::array<double, LogGrid::kMostAxes> sizes = {};  // one for each axis of axis_names()
  std::size_t axes = 0;

  [[nodiscard]] std::span<const double> at() const { return {sizes.data(), axes}; }
};

/// The names of a kernel's sizes, in order.
[[nodiscard]] std::span<const std::string> axis_names(Kernel kernel);

/// One GPU's shard of one layer's attention. All sequences are equally long.
struct AttentionLoad {
  ElementType type = ElementType::bf16;
  ElementType kv_type = ElementType::bf16;
  double q_heads = 1;
  double kv_heads = 1;
  std::int64_t head_dim = 128;
  double batch = 1;   // sequences
  double q_len = 1;   // new tokens of each; 1 is decoding
  double kv_len = 1;  // keys of each, the new tokens among them
};

/// A decode where q_len is 1 and `decode`, else a causal prefill. Flops are 4 head_dim for each
/// score, bytes those of queries, keys, values and outputs once each.
[[nodiscard]] KernelLoad attention_load(const AttentionLoad& load, bool decode);

/// `weight_bytes_each`: of an element of the k x n matrix, where it is stored in fewer bits than
/// `type`; 0: as `type`.
[[nodiscard]] KernelLoad matmul_load(ElementType type, double m, double n, double k,
                                     double weight_bytes_each = 0.0);

/// Latent attention with a latent of 512 values and 64 of rotary positions (DeepSeek-V2,
/// arXiv:2405.04434). Decode works on latents, prefill on keys of 192 and values of 128.
[[nodiscard]] KernelLoad latent_load(ElementType type, ElementType kv_type, double q_heads,
                                     double batch, double length, bool decode);

/// `bytes` are what each GPU holds (docs/profile.md). Wire bytes are those that a ring sends over
/// each link: 2 (n - 1)/n of them for an all-reduce, (n - 1)/n for the other collectives, all for
/// send_recv.
struct CollectiveLoad {
  Kernel op = Kernel::all_reduce;
  ElementType type = ElementType::bf16;
  std::optional<Topology> topology;
  double gpus = 2;
  double gpus_per_node = 2;
  double bytes = 0;
};
[[nodiscard]] KernelLoad collective_load(const CollectiveLoad& load);

}  // namespace headroom
