#include "sim/cost/kernel_load.hpp"

#include "sim/core/assert.hpp"

namespace headroom {
namespace {

const std::vector<std::string> kDecodeAxes = {"kv_heads", "group", "batch", "kv_len"};
const std::vector<std::string> kPrefillAxes = {"head_sequences", "group", "kv_len"};
const std::vector<std::string> kMatmulAxes = {"m", "n", "k"};
const std::vector<std::string> kLatentAxes = {"q_heads", "batch", "kv_len"};
const std::vector<std::string> kCollectiveAxes = {"gpus", "bytes"};

// Of multi-head latent attention: values of the latent that are keys and values, those of rotary
// positions, and what a head's keys and values have once they are expanded.
constexpr double kLatent = 512;
constexpr double kRope = 64;
constexpr double kExpandedKey = 192;
constexpr double kExpandedValue = 128;

KernelLoad with_sizes(FitKey key, Work work, std::initializer_list<double> sizes) {
  KernelLoad load{key, work, {}, sizes.size()};
  std::copy(sizes.begin(), sizes.end(), load.sizes.begin());
  HEADROOM_ASSERT(load.axes == axis_names(key.kernel).size(), "sizes of another kernel");
  return load;
}

// Of `queries` new tokens at the end of `keys` tokens, those pairs in which the key is not later.
double causal_pairs(double queries, double keys) {
  return queries * (keys - queries) + queries * (queries + 1.0) / 2.0;
}

}  // namespace

std::span<const std::string> axis_names(Kernel kernel) {
  switch (kernel) {
    case Kernel::prefill:
      return kPrefillAxes;
    case Kernel::decode:
      return kDecodeAxes;
    case Kernel::matmul:
      return kMatmulAxes;
    case Kernel::latent_prefill:
    case Kernel::latent_decode:
      return kLatentAxes;
    default:
      return kCollectiveAxes;
  }
}

KernelLoad attention_load(const AttentionLoad& load, bool decode) {
  const auto dim = static_cast<double>(load.head_dim);
  const auto value = static_cast<double>(type_bytes(load.type));
  const auto cached = static_cast<double>(type_bytes(load.kv_type));
  Work work;
  work.exps = load.batch * load.q_heads * causal_pairs(load.q_len, load.kv_len);
  work.flops = 4.0 * dim * work.exps;
  work.bytes =
      load.batch * dim *
      (2.0 * load.q_len * load.q_heads * value + 2.0 * load.kv_len * load.kv_heads * cached);
  const FitKey key{
      decode ? Kernel::decode : Kernel::prefill, load.type, load.kv_type, load.head_dim, {}, 0};
  const double group = load.q_heads / load.kv_heads;
  if (decode) return with_sizes(key, work, {load.kv_heads, group, load.batch, load.kv_len});
  // A chunk has as many tiles of queries as fewer heads of whole prompts that see as many keys.
  const double head_sequences = load.q_heads * load.batch * load.q_len / load.kv_len;
  return with_sizes(key, work, {head_sequences, group, load.kv_len});
}

KernelLoad matmul_load(ElementType type, double m, double n, double k, double weight_bytes_each) {
  const auto value = static_cast<double>(type_bytes(type));
  const double weight = weight_bytes_each > 0.0 ? weight_bytes_each : value;
  Work work;
  work.flops = 2.0 * m * n * k;
  work.bytes = m * k * value + n * k * weight + m * n * 2.0;  // 16-bit results
  return with_sizes({Kernel::matmul, type, ElementType::bf16, 0, {}, 0}, work, {m, n, k});
}

KernelLoad latent_load(ElementType type, ElementType kv_type, double q_heads, double batch,
                       double length, bool decode) {
  const auto value = static_cast<double>(type_bytes(type));
  const auto cached = static_cast<double>(type_bytes(kv_type));
  Work work;
  if (decode) {
    work.exps = batch * q_heads * length;
    work.flops = 2.0 * (kLatent + kRope + kLatent) * work.exps;
    work.bytes = batch * (length * (kLatent + kRope) * cached +
                          q_heads * (kLatent + kRope + kLatent) * value);
  } else {
    work.exps = batch * q_heads * causal_pairs(length, length);
    work.flops = 2.0 * (kExpandedKey + kExpandedValue) * work.exps;
    work.bytes = 2.0 * batch * length * q_heads * (kExpandedKey + kExpandedValue) * value;
  }
  const Kernel kernel = decode ? Kernel::latent_decode : Kernel::latent_prefill;
  return with_sizes({kernel, type, kv_type, 0, {}, 0}, work, {q_heads, batch, length});
}

KernelLoad collective_load(const CollectiveLoad& load) {
  const double peers = (load.gpus - 1.0) / load.gpus;
  Work work;
  work.hops = load.op == Kernel::send_recv ? 1.0 : load.gpus - 1.0;
  switch (load.op) {
    case Kernel::all_reduce:
      work.wire_bytes = 2.0 * peers * load.bytes;
      break;
    case Kernel::send_recv:
      work.wire_bytes = load.bytes;
      break;
    default:
      work.wire_bytes = peers * load.bytes;
      break;
  }
  FitKey key{load.op, load.type, ElementType::bf16, 0, load.topology, 0};
  if (load.gpus > load.gpus_per_node) {
    key.gpus_per_node = static_cast<std::int64_t>(load.gpus_per_node);
  }
  return with_sizes(key, work, {load.gpus, load.bytes});
}

}  // namespace headroom
