// What the suite works out by itself: holdings, legality, and who holds what.

#include "tests/conformance/placer_conformance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace headroom::test {
namespace {

// ceil(part x a / b) without the simulator's helpers. Figures here stay far below 2^53.
std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

GpuHolding wanted_of(const RequestShape& shape, Bytes memory) {
  if (shape.kind() == RequestKind::opaque) {
    const int milli = shape.opaque().milli;
    return {milli, memory / 1000 * milli + memory % 1000 * milli / 1000};
  }
  const LlmDeployment& llm = shape.llm();
  const std::int64_t ppm = llm.limits.utilisation_ppm;
  const Bytes bytes = memory / 1'000'000 * ppm + divide_up(memory % 1'000'000 * ppm, 1'000'000);
  if (!llm.shared) return {1000, bytes};
  const auto milli = static_cast<int>(
      std::floor(1000.0L * static_cast<long double>(bytes) / static_cast<long double>(memory)));
  return {std::max(milli, 1), bytes};
}

std::string illegal_part(const Cluster& cluster, const RequestShape& shape, const Layout& layout,
                         const PlacementPart& part) {
  if (!cluster.exists(part.node_class)) return "names a class that is gone";
  const NodeClass& node_class = cluster.node_class(part.node_class);
  const auto& types = cluster.shape(node_class).gpus;
  if (!node_class.state.in_service) return "names nodes out of service";
  if (part.nodes < 1) return "names no node";
  const std::set<int> distinct(part.devices.begin(), part.devices.end());
  if (distinct.size() != part.devices.size()) return "names a device twice";
  for (const int device : part.devices) {
    if (device < 0 || device >= static_cast<int>(types.size())) return "names a device not there";
    const auto i = static_cast<std::size_t>(device);
    if (types[i] != layout.gpu) return "names a device of another type";
    const Bytes memory = cluster.spec().gpu_types[index(layout.gpu)].memory;
    GpuHolding wanted = wanted_of(shape, memory);
    if (part.charge) {
      if (*part.charge < 0 || *part.charge > memory) return "charges more than there is";
      const auto milli = static_cast<int>(std::floor(
          1000.0L * static_cast<long double>(*part.charge) / static_cast<long double>(memory)));
      wanted = {std::max(milli, 1), *part.charge};
    }
    const GpuState& state = node_class.state.gpus[i];
    if (state.milli_free < wanted.milli || state.bytes_free < wanted.bytes) {
      return "over-commits a device";
    }
  }
  if (shape.kind() == RequestKind::llm &&
      distinct.size() % static_cast<std::size_t>(layout.plan.tp))
    return "splits a tensor parallel group";
  return "";
}

std::string illegal_size(const InternedShape& shape, const Layout& layout, int gpus) {
  const auto& allowed = shape.allowed;
  const bool type_allowed = std::find(allowed.begin(), allowed.end(), layout.gpu) != allowed.end();
  if (gpus > 0 && !type_allowed) return "takes a type that is not allowed";
  if (shape.shape.kind() == RequestKind::opaque) {
    return gpus == shape.shape.opaque().gpus ? "" : "takes the wrong number of GPUs";
  }
  const auto& sizes = shape.shape.llm().allowed_tp;
  if (layout.plan.tp < 1 || layout.plan.pp < 1 || layout.plan.dp < 1)
    return "names no parallel sizes";
  if (gpus != layout.plan.tp * layout.plan.pp * layout.plan.dp)
    return "takes the wrong number of GPUs";
  const bool size_allowed =
      sizes.empty() || std::find(sizes.begin(), sizes.end(), layout.plan.tp) != sizes.end();
  return size_allowed ? "" : "takes a size that is not allowed";
}

}  // namespace

std::string illegal(const Cluster& cluster, const InternedShape& shape, const Layout& layout) {
  int gpus = 0;
  int nodes = 0;
  for (const auto& part : layout.parts) {
    gpus += static_cast<int>(part.devices.size()) * part.nodes;
    nodes += part.nodes;
  }
  if (layout.parts.empty()) return "has no parts";
  if (gpus == 0 && nodes != 1) return "takes several nodes for no GPU";
  if (std::string text = illegal_size(shape, layout, gpus); !text.empty()) return text;

  std::map<ClassId, int> taken;
  for (const auto& part : layout.parts) {
    if (gpus > 0 && part.devices.empty()) return "takes a node and no GPU of it";
    if (std::string text = illegal_part(cluster, shape.shape, layout, part); !text.empty()) {
      return text;
    }
    const NodeClass& node_class = cluster.node_class(part.node_class);
    taken[part.node_class] += part.nodes;
    if (taken[part.node_class] > static_cast<int>(node_class.nodes.size())) {
      return "takes more nodes than there are";
    }
    const auto share = [&](std::int64_t whole) {
      return gpus == 0 ? whole : divide_up(whole * std::ssize(part.devices), gpus);
    };
    if (share(shape.shape.cpu_milli) > node_class.state.cpu_free) return "over-commits the CPU";
    if (share(shape.shape.ram) > node_class.state.ram_free) return "over-commits the RAM";
  }
  return "";
}

ShadowLedger::ShadowLedger(const ClusterSpec& spec) {
  for (const NodeSpec& node_spec : spec.nodes) {
    const NodeShape& shape = spec.shapes[index(node_spec.shape)];
    Node node;
    node.cpu_capacity = shape.cpu_milli;
    node.ram_capacity = shape.ram;
    for (std::size_t i = 0; i < shape.gpus.size(); ++i) {
      const Bytes used = node_spec.used.empty() ? 0 : node_spec.used[i];
      node.devices.push_back({0, 0, spec.gpu_types[index(shape.gpus[i])].memory - used});
    }
    nodes_.push_back(std::move(node));
  }
}

void ShadowLedger::placed(SimTime, const Placement& placement) {
  for (const NodeHolding& holding : placement.holdings) {
    const NodeCondition& condition = nodes_.at(index(holding.node)).condition;
    if (!condition.in_service()) {
      complain(fmt::format("something was placed on node {}, out of service", index(holding.node)));
    }
  }
  apply(placement, +1);
}

void ShadowLedger::lost(SimTime, const Placement& placement, const Loss& loss) {
  const auto on =
      std::any_of(placement.holdings.begin(), placement.holdings.end(),
                  [&](const NodeHolding& holding) { return holding.node == loss.node; });
  if (!on || !nodes_.at(index(loss.node)).condition.gone()) {
    complain(fmt::format("something was lost with node {}, where it was not", index(loss.node)));
  }
}

void ShadowLedger::node_changed(SimTime, NodeId node, const NodeCondition& condition) {
  Node& known = nodes_.at(index(node));
  if (known.condition == condition) complain(fmt::format("node {} did not change", index(node)));
  known.condition = condition;
  if (condition.gone()) {
    gone_[node] = static_cast<int>(known.devices.size());
  } else {
    gone_.erase(node);
  }
}

// Time has passed: what was on nodes that are gone was freed at that instant.
void ShadowLedger::elapsed(SimTime, SimTime, const SystemState& state) {
  std::int64_t gpus = 0;
  for (const auto& [node, devices] : gone_) {
    gpus += devices;
    if (nodes_.at(index(node)).placements != 0) {
      complain(fmt::format("something is held on node {}, which is gone", index(node)));
    }
  }
  if (gpus != state.gpus_gone) {
    complain(fmt::format("{} GPUs are gone, but the run says {}", gpus, state.gpus_gone));
  }
}

void ShadowLedger::released(SimTime, const Placement& placement, bool) { apply(placement, -1); }

void ShadowLedger::apply(const Placement& placement, int sign) {
  const auto check = [&](std::int64_t held, std::int64_t capacity, std::string_view what,
                         NodeId id) {
    if ((held >= 0 && held <= capacity) || !wrong_.empty()) return;
    wrong_ = fmt::format("{} of {} {} held on node {}", held, capacity, what, index(id));
  };
  for (const NodeHolding& holding : placement.holdings) {
    Node& node = nodes_.at(index(holding.node));
    node.placements += sign;
    for (const int i : holding.devices) {
      Device& device = node.devices.at(static_cast<std::size_t>(i));
      device.milli += sign * holding.per_gpu.milli;
      device.bytes += sign * holding.per_gpu.bytes;
      check(device.milli, 1000, "milli", holding.node);
      check(device.bytes, device.capacity, "bytes", holding.node);
    }
    node.cpu += sign * holding.cpu_milli;
    node.ram += sign * holding.ram;
    check(node.cpu, node.cpu_capacity, "milli of CPU", holding.node);
    check(node.ram, node.ram_capacity, "bytes of RAM", holding.node);
  }
}

bool ShadowLedger::empty() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const Node& node) {
    return node.cpu == 0 && node.ram == 0 &&
           std::all_of(node.devices.begin(), node.devices.end(),
                       [](const Device& d) { return d.milli == 0 && d.bytes == 0; });
  });
}

}  // namespace headroom::test
