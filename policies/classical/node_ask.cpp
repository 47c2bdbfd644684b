#include "policies/classical/node_ask.hpp"

#include "sim/plan/holding.hpp"
#include "sim/plan/room.hpp"

#include <algorithm>

namespace headroom {

NodeAsk node_ask(const ClusterSpec& spec, const InternedShape& shape, GpuTypeId type, int gpus) {
  NodeAsk ask{shape.id, type, gpus, {0, 0}, shape.shape.cpu_milli, shape.shape.ram};
  if (gpus > 0) ask.per_gpu = gpu_holding(shape.shape, spec.gpu_types[index(type)].memory);
  return ask;
}

bool has_room(const Cluster& cluster, const NodeClass& node_class, const NodeAsk& ask) {
  const NodeState& state = node_class.state;
  if (state.cpu_free < ask.cpu_milli || state.ram_free < ask.ram) return false;
  const auto& types = cluster.shape(node_class).gpus;
  int missing = ask.gpus;
  for (std::size_t i = 0; i < types.size() && missing > 0; ++i) {
    if (types[i] == ask.type && ask.per_gpu.fits(state.gpus[i])) --missing;
  }
  return missing == 0;
}

std::vector<int> tightest_devices(const Cluster& cluster, const NodeClass& node_class,
                                  const NodeAsk& ask) {
  if (ask.gpus == 0) return {};
  auto devices = fitting_devices(cluster, node_class, ask.per_gpu, ask.type);
  devices.resize(static_cast<std::size_t>(ask.gpus));
  std::sort(devices.begin(), devices.end());
  return devices;
}

}  // namespace headroom
