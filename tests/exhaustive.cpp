#include "tests/exhaustive.hpp"

#include <algorithm>
#include <bit>

namespace headroom::test {

ClusterSpec random_cluster(Draw& draw, const std::vector<GpuType>& types, Bytes unit) {
  ClusterSpec spec;
  spec.gpu_types = types;
  std::int64_t left = draw.from(1, 10);
  while (left > 0) {
    NodeShape shape;
    const auto gpus = draw.from(0, std::min<std::int64_t>(left, 5));
    const GpuTypeId first{static_cast<std::uint16_t>(draw.from(0, 1))};
    shape.gpus.assign(static_cast<std::size_t>(gpus), first);
    if (gpus > 1 && draw.one_in(6))
      shape.gpus[0] = GpuTypeId{static_cast<std::uint16_t>(1 - index(first))};
    if (draw.one_in(2)) shape.cpu_milli = draw.from(0, 12);
    if (draw.one_in(3)) shape.ram = draw.from(0, 12);
    std::vector<Bytes> used;
    if (draw.one_in(4)) used.assign(shape.gpus.size(), draw.from(0, 3) * unit);
    const auto copies = draw.one_in(3) && gpus > 0 ? std::min<std::int64_t>(left / gpus, 3) : 1;
    for (std::int64_t i = 0; i < copies; ++i)
      spec.nodes.push_back({"n", spec.intern_shape(shape), used});
    left -= std::max<std::int64_t>(1, gpus * copies);
  }
  return spec;
}

std::vector<NodeHolding> random_state(Draw& draw, Cluster& cluster, Bytes unit) {
  std::vector<NodeHolding> taken;
  const auto tries = draw.from(0, 2 * std::ssize(cluster.spec().nodes));
  for (std::int64_t i = 0; i < tries; ++i) {
    NodeHolding what;
    what.node = static_cast<NodeId>(draw.from(0, std::ssize(cluster.spec().nodes) - 1));
    what.per_gpu = {draw.one_in(2) ? kWholeGpu : static_cast<int>(draw.from(1, 4) * 200),
                    draw.from(0, 5) * unit};
    const NodeState& state = cluster.class_of(what.node).state;
    for (std::size_t device = 0; device < state.gpus.size(); ++device) {
      if (draw.one_in(2) && what.per_gpu.fits(state.gpus[device])) {
        what.devices.push_back(static_cast<int>(device));
      }
    }
    what.cpu_milli = std::min<std::int64_t>(state.cpu_free, draw.from(0, 3));
    what.ram = std::min<std::int64_t>(state.ram_free, draw.from(0, 3));
    cluster.take(std::span(&what, 1));
    taken.push_back(what);
  }
  return taken;
}

bool EverySubset::from(std::size_t node, int missing, bool one_node) const {
  if (missing == 0) return true;
  if (node == cluster_.spec().nodes.size()) return false;
  const NodeState& state = cluster_.class_of(static_cast<NodeId>(node)).state;
  const std::uint32_t subsets = 1U << state.gpus.size();
  for (std::uint32_t subset = 0; subset < subsets; ++subset) {
    const int size = std::popcount(subset);
    if (size > missing || size % multiple_ != 0) continue;
    if (one_node && size != 0 && size != total_) continue;
    if (size > 0 && !fits(state, subset, size)) continue;
    if (from(node + 1, missing - size, one_node)) return true;
  }
  return false;
}

bool EverySubset::fits(const NodeState& state, std::uint32_t subset, int size) const {
  const auto& types = cluster_.spec().shapes[index(state.shape)].gpus;
  for (std::size_t i = 0; i < state.gpus.size(); ++i) {
    if ((subset >> i & 1U) == 0) continue;
    if (types[i] != type_ || !fits_device(state.gpus[i])) return false;
  }
  const auto part = [&](std::int64_t whole) { return (whole * size + total_ - 1) / total_; };
  return part(shape_.cpu_milli) <= state.cpu_free && part(shape_.ram) <= state.ram_free;
}

bool EverySubset::fits_device(const GpuState& gpu) const {
  const Bytes memory = cluster_.spec().gpu_types[index(type_)].memory;  // a multiple of 1,000
  if (shape_.kind() == RequestKind::opaque) {
    const int milli = shape_.opaque().milli;
    return gpu.milli_free >= milli && gpu.bytes_free >= memory / 1000 * milli;
  }
  const LlmDeployment& llm = shape_.llm();
  const Bytes bytes = memory / 1000 * (llm.limits.utilisation_ppm / 1000);
  const std::int64_t milli = llm.shared ? llm.limits.utilisation_ppm / 1000 : 1000;
  return gpu.milli_free >= milli && gpu.bytes_free >= bytes;
}

}  // namespace headroom::test
