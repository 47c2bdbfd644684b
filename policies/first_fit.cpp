// first-fit for opaque tasks: the node with the lowest id that has room. Tasks larger than any node
// of a type go over several nodes of it.

#include "policies/builtin.hpp"
#include "sim/plan/holding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

class FirstFit final : public Placer {
 public:
  explicit FirstFit(const PlacerContext& context) : context_(context) {
    for (std::size_t type = 0; type < context.cluster.gpu_types.size(); ++type) {
      gpu_counts_.push_back(context.cluster.gpu_count(static_cast<GpuTypeId>(type)));
    }
  }

  [[nodiscard]] std::string_view name() const override { return "first-fit"; }
  [[nodiscard]] bool takes(RequestKind kind) const override { return kind == RequestKind::opaque; }

  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>*) override {
    const InternedShape& shape = request.shape;
    if (shape.shape.opaque().gpus == 0) {
      Found found;
      for (const std::uint32_t slot : cluster.live_classes()) {
        consider(cluster, cluster.class_at(slot), shape, GpuTypeId{}, found);
      }
      return answer(found);
    }
    Found found;
    for (const GpuTypeId type : shape.allowed) {
      if (shape.shape.opaque().gpus > context_.cluster.largest_node(type)) continue;
      consider_type(cluster, shape, type, found);
    }
    if (found.node_class != nullptr) return answer(found);
    return over_several_nodes(cluster, shape);
  }

 private:
  struct Found {
    const NodeClass* node_class = nullptr;
    GpuTypeId type{};
    std::vector<int> devices;
  };

  void consider_type(const Cluster& cluster, const InternedShape& shape, GpuTypeId type,
                     Found& found) const {
    const OpaqueTask& task = shape.shape.opaque();
    const bool whole = task.milli == kWholeGpu;
    const auto& buckets = whole ? cluster.by_idle(type) : cluster.by_milli(type);
    for (auto bucket = buckets.lower_bound(whole ? task.gpus : task.milli); bucket != buckets.end();
         ++bucket) {
      for (const std::uint32_t slot : bucket->second) {
        consider(cluster, cluster.class_at(slot), shape, type, found);
      }
    }
  }

  void consider(const Cluster& cluster, const NodeClass& node_class, const InternedShape& shape,
                GpuTypeId type, Found& found) const {
    if (found.node_class != nullptr && found.node_class->first_node() <= node_class.first_node()) {
      return;
    }
    const NodeState& state = node_class.state;
    if (state.cpu_free < shape.shape.cpu_milli || state.ram_free < shape.shape.ram) return;
    const auto wanted = static_cast<std::size_t>(shape.shape.opaque().gpus);
    std::vector<int> devices;
    if (wanted > 0) {
      const Bytes memory = context_.cluster.gpu_types[index(type)].memory;
      devices = fitting_devices(cluster, node_class, gpu_holding(shape.shape, memory), type);
      if (devices.size() < wanted) return;
      std::sort(devices.begin(), devices.end());
      devices.resize(wanted);
    }
    found = {&node_class, type, std::move(devices)};
  }

  static Decision answer(const Found& found) {
    if (found.node_class == nullptr) return NotNow{"no_room"};
    return Place{{found.type, {}, {{found.node_class->id, found.devices, 1}}},
                 "first node by id with room"};
  }

  Decision over_several_nodes(const Cluster& cluster, const InternedShape& shape) const {
    bool possible = false;
    RoomSearch search(cluster, shape);
    for (const GpuTypeId type : shape.allowed) {
      if (shape.shape.opaque().gpus > gpu_counts_[index(type)]) continue;
      possible = true;
      if (auto layout = find_opaque_room(cluster, search, shape.shape.opaque(), type)) {
        return Place{std::move(*layout), "larger than a node: as few nodes as can be"};
      }
    }
    if (!possible) return Never{"cluster_too_small"};
    return NotNow{"no_room"};
  }

  PlacerContext context_;
  std::vector<std::int64_t> gpu_counts_;  // by type
};

}  // namespace

std::unique_ptr<Placer> make_first_fit(const PlacerContext& context, const ConfigTable&) {
  return std::make_unique<FirstFit>(context);
}

}  // namespace headroom
