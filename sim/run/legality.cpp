#include "sim/run/legality.hpp"

#include "sim/plan/holding.hpp"
#include "sim/run/node_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace headroom {
namespace {

bool cpu_only(const InternedShape& shape) {
  return shape.shape.kind() == RequestKind::opaque && shape.shape.opaque().gpus == 0;
}

Status check_request(const InternedShape& shape, const Layout& layout, int gpus, bool any_gpu) {
  if (any_gpu && !std::binary_search(shape.allowed.begin(), shape.allowed.end(), layout.gpu)) {
    return fail("the GPU type is not one that the request allows");
  }
  if (shape.shape.kind() == RequestKind::opaque) {
    if (gpus != shape.shape.opaque().gpus) {
      return fail(fmt::format("{} GPUs given, {} asked for", gpus, shape.shape.opaque().gpus));
    }
    if (cpu_only(shape) && (layout.parts.size() != 1 || layout.parts.front().nodes != 1)) {
      return fail("a task without GPUs on several nodes");
    }
    return {};
  }
  if (layout.plan.tp < 1 || layout.plan.pp < 1 || layout.plan.dp < 1 ||
      gpus != layout.plan.gpus()) {
    return fail(fmt::format("{} GPUs given for {}", gpus, plan_text(layout.plan)));
  }
  if (layout.degradation < 0 || layout.degradation > std::ssize(shape.degraded)) {
    return fail(fmt::format("degradation {} of the {} that the request allows", layout.degradation,
                            shape.degraded.size()));
  }
  if (const auto share = layout.utilisation_ppm; share && (*share < 1 || *share > 1'000'000)) {
    return fail(fmt::format("{} millionths of each GPU for the engine", *share));
  }
  if (!shape.shape.llm().allows_tp(layout.plan.tp)) {
    return fail(fmt::format("TP {} is not a size that the request allows", layout.plan.tp));
  }
  return {};
}

Status check_part(const Cluster& cluster, const InternedShape& shape, const Layout& layout,
                  const PlacementPart& part, const GpuHolding& holding) {
  if (!cluster.exists(part.node_class)) return fail("the class of nodes is not there");
  const NodeClass& node_class = cluster.node_class(part.node_class);
  const auto& types = cluster.shape(node_class).gpus;
  if (!node_class.state.in_service) return fail("the nodes of the class are out of service");
  if (part.nodes < 1) return fail("a part without nodes");
  if (part.devices.empty() && !cpu_only(shape)) return fail("a node that no GPU is taken of");
  if (!std::is_sorted(part.devices.begin(), part.devices.end(), std::less_equal<>())) {
    return fail("devices are not ascending, or one is named twice");
  }
  for (const int device : part.devices) {
    if (device < 0 || device >= static_cast<int>(types.size())) {
      return fail(fmt::format("there is no device {}", device));
    }
    const auto i = static_cast<std::size_t>(device);
    if (types[i] != layout.gpu) return fail(fmt::format("device {} is of another type", device));
    if (!holding.fits(node_class.state.gpus[i])) {
      return fail(fmt::format("device {} has no room for the request", device));
    }
  }
  const bool llm = shape.shape.kind() == RequestKind::llm;
  if (llm && static_cast<int>(part.devices.size()) % layout.plan.tp != 0) {
    return fail("a tensor parallel group over two nodes");
  }
  return {};
}

Result<GpuHolding> part_holding(const InternedShape& shape, const PlacementPart& part,
                                Bytes memory) {
  if (!part.charge) return gpu_holding(shape.shape, memory);
  if (shape.shape.kind() != RequestKind::llm) return fail("a charge for a task");
  if (*part.charge < 0 || *part.charge > memory) {
    return fail(fmt::format("a charge of {} bytes on a GPU of {}", *part.charge, memory));
  }
  return shared_holding(*part.charge, memory);
}

}  // namespace

Result<std::vector<NodeHolding>> resolve_layout(const Cluster& cluster, const InternedShape& shape,
                                                const Layout& layout) {
  int gpus = 0;
  for (const auto& part : layout.parts) {
    gpus += static_cast<int>(part.devices.size()) * part.nodes;
  }
  if (layout.parts.empty()) return fail("a layout without parts");
  HEADROOM_CHECK(check_request(shape, layout, gpus, gpus > 0));

  const Bytes memory = gpus > 0 ? cluster.spec().gpu_types[index(layout.gpu)].memory : 0;
  std::vector<NodeHolding> holdings;
  for (const auto& part : layout.parts) {
    GpuHolding holding;
    if (gpus > 0) {
      HEADROOM_TRY(holding, part_holding(shape, part, memory));
    }
    HEADROOM_CHECK(check_part(cluster, shape, layout, part, holding));
    const NodeState& state = cluster.node_class(part.node_class).state;
    const auto on_node = static_cast<std::int64_t>(part.devices.size());
    const std::int64_t cpu = node_part(shape.shape.cpu_milli, on_node, gpus);
    const Bytes ram = node_part(shape.shape.ram, on_node, gpus);
    if (cpu > state.cpu_free || ram > state.ram_free)
      return fail("the node has not the CPU or RAM");
    for (int i = 0; i < part.nodes; ++i) {
      holdings.push_back({NodeId{}, part.devices, holding, cpu, ram});
    }
  }
  HEADROOM_TRY(const auto nodes, choose_nodes(cluster, layout));
  for (std::size_t i = 0; i < nodes.size(); ++i) holdings[i].node = nodes[i];
  return holdings;
}

}  // namespace headroom
