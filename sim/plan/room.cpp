#include "sim/plan/room.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "sim/workload/holding.hpp"

namespace headroom {
namespace {

GpuHolding holding_on(const Cluster& cluster, const InternedShape& shape, GpuTypeId type) {
  return gpu_holding(shape.shape, cluster.spec().gpu_types[index(type)].memory);
}

bool has_cpu_and_ram(const NodeClass& node_class, const RequestShape& shape, int part, int parts) {
  return node_class.state.cpu_free >= node_part(shape.cpu_milli, part, parts) &&
         node_class.state.ram_free >= node_part(shape.ram, part, parts);
}

std::vector<int> first_devices(std::vector<int> devices, int count) {
  devices.resize(static_cast<std::size_t>(count));
  std::sort(devices.begin(), devices.end());
  return devices;
}

// Calls `visit` with the classes of each bucket that may hold `gpus` devices of the type, tightest
// bucket first, until it returns true. Whole requests: by idle devices; shared: by free milli.
template <class Visit>
void for_each_bucket(const Cluster& cluster, const GpuHolding& holding, GpuTypeId type, int gpus,
                     Visit visit) {
  const bool whole = holding.milli == kWholeGpu;
  const auto& buckets = whole ? cluster.by_idle(type) : cluster.by_milli(type);
  const int least = whole ? gpus : holding.milli;
  for (auto bucket = buckets.lower_bound(least); bucket != buckets.end(); ++bucket) {
    if (visit(bucket->second)) return;
  }
}

// Groups of `tp` fitting devices this class's nodes offer, at most `wanted`, within CPU and RAM.
int groups_in(const Cluster& cluster, const NodeClass& node_class, const InternedShape& shape,
              const GpuHolding& holding, GpuTypeId type, ParallelPlan plan, int wanted) {
  const auto devices = fitting_devices(cluster, node_class, holding, type);
  int groups = std::min(wanted, static_cast<int>(devices.size()) / plan.tp);
  while (groups > 0 && !has_cpu_and_ram(node_class, shape.shape, groups * plan.tp, plan.gpus())) {
    --groups;
  }
  return groups;
}

struct Offer {
  const NodeClass* node_class;
  int groups;
};

// Every class that offers at least one group, most groups first, then lowest node id.
std::vector<Offer> offers_of(const Cluster& cluster, const InternedShape& shape,
                             const GpuHolding& holding, GpuTypeId type, ParallelPlan plan) {
  std::vector<Offer> offers;
  std::set<std::uint32_t> seen;  // a class may stand in several buckets of free milli
  for_each_bucket(cluster, holding, type, plan.tp, [&](const std::set<std::uint32_t>& bucket) {
    for (const std::uint32_t slot : bucket) {
      if (!seen.insert(slot).second) continue;
      const NodeClass& node_class = cluster.class_at(slot);
      const int groups = groups_in(cluster, node_class, shape, holding, type, plan, plan.pp);
      if (groups > 0) offers.push_back({&node_class, groups});
    }
    return false;
  });
  std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) {
    if (a.groups != b.groups) return a.groups > b.groups;
    return a.node_class->first_node() < b.node_class->first_node();
  });
  return offers;
}

}  // namespace

std::vector<int> fitting_devices(const Cluster& cluster, const NodeClass& node_class,
                                 const GpuHolding& holding, GpuTypeId type) {
  std::vector<int> devices;
  const auto& types = cluster.shape(node_class).gpus;
  const auto& gpus = node_class.state.gpus;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (types[i] == type && holding.fits(gpus[i])) devices.push_back(static_cast<int>(i));
  }
  std::stable_sort(devices.begin(), devices.end(), [&](int a, int b) {
    return gpus[static_cast<std::size_t>(a)].milli_free <
           gpus[static_cast<std::size_t>(b)].milli_free;
  });
  return devices;
}

std::optional<PlacementPart> room_on_one_node(const Cluster& cluster, const InternedShape& shape,
                                              GpuTypeId type, int gpus) {
  const GpuHolding holding = holding_on(cluster, shape, type);
  const NodeClass* best = nullptr;
  for_each_bucket(cluster, holding, type, gpus, [&](const std::set<std::uint32_t>& bucket) {
    for (const std::uint32_t slot : bucket) {
      const NodeClass& node_class = cluster.class_at(slot);
      if (best != nullptr && best->first_node() < node_class.first_node()) continue;
      if (!has_cpu_and_ram(node_class, shape.shape, gpus, gpus)) continue;
      const auto devices = fitting_devices(cluster, node_class, holding, type);
      if (static_cast<int>(devices.size()) >= gpus) best = &node_class;
    }
    return best != nullptr;
  });
  if (best == nullptr) return std::nullopt;
  return PlacementPart{
      best->id, first_devices(fitting_devices(cluster, *best, holding, type), gpus), 1};
}

std::optional<std::vector<PlacementPart>> room_on_equal_nodes(const Cluster& cluster,
                                                              const InternedShape& shape,
                                                              GpuTypeId type, int gpus_per_node,
                                                              int nodes) {
  const GpuHolding holding = holding_on(cluster, shape, type);
  const ParallelPlan one_group_each{gpus_per_node, nodes};
  std::vector<PlacementPart> parts;
  std::set<std::uint32_t> seen;
  int missing = nodes;
  for_each_bucket(cluster, holding, type, gpus_per_node, [&](const std::set<std::uint32_t>& bucket) {
    std::vector<const NodeClass*> fitting;
    for (const std::uint32_t slot : bucket) {
      if (!seen.insert(slot).second) continue;
      const NodeClass& node_class = cluster.class_at(slot);
      if (groups_in(cluster, node_class, shape, holding, type, one_group_each, 1) == 1) {
        fitting.push_back(&node_class);
      }
    }
    std::sort(fitting.begin(), fitting.end(), [](const NodeClass* a, const NodeClass* b) {
      return a->first_node() < b->first_node();
    });
    for (const NodeClass* node_class : fitting) {
      const int taken = std::min(missing, static_cast<int>(node_class->nodes.size()));
      if (taken == 0) break;
      parts.push_back({node_class->id,
                       first_devices(fitting_devices(cluster, *node_class, holding, type),
                                     gpus_per_node),
                       taken});
      missing -= taken;
    }
    return missing == 0;
  });
  if (missing > 0) return std::nullopt;
  return parts;
}

std::optional<std::vector<PlacementPart>> room_for_groups(const Cluster& cluster,
                                                          const InternedShape& shape,
                                                          GpuTypeId type, ParallelPlan plan) {
  const GpuHolding holding = holding_on(cluster, shape, type);
  const auto offers = offers_of(cluster, shape, holding, type, plan);
  std::vector<PlacementPart> parts;
  int missing = plan.pp;
  for (std::size_t i = 0; i < offers.size() && missing > 0; ++i) {
    const auto add = [&](const NodeClass& node_class, int groups, int nodes) {
      parts.push_back({node_class.id,
                       first_devices(fitting_devices(cluster, node_class, holding, type),
                                     groups * plan.tp),
                       nodes});
      missing -= groups * nodes;
    };
    const int full_nodes =
        std::min(static_cast<int>(offers[i].node_class->nodes.size()), missing / offers[i].groups);
    if (full_nodes > 0) add(*offers[i].node_class, offers[i].groups, full_nodes);
    const bool left_in_class =
        full_nodes < static_cast<int>(offers[i].node_class->nodes.size());
    if (missing == 0 || !left_in_class) continue;
    // This class could hold all that is missing on one more node: look for a tighter one.
    std::size_t last = i;
    while (last + 1 < offers.size() && offers[last + 1].groups >= missing) ++last;
    while (last > i && offers[last - 1].groups == offers[last].groups) --last;
    add(*offers[last].node_class, missing, 1);
  }
  if (missing > 0) return std::nullopt;
  return parts;
}

std::optional<PlacementPart> room_without_gpus(const Cluster& cluster, const InternedShape& shape) {
  const NodeClass* best = nullptr;
  const auto rank = [&](const NodeClass& node_class) {
    return std::pair(cluster.shape(node_class).gpus.size(), node_class.first_node());
  };
  for (const std::uint32_t slot : cluster.live_classes()) {
    const NodeClass& node_class = cluster.class_at(slot);
    if (!has_cpu_and_ram(node_class, shape.shape, 0, 0)) continue;
    if (best == nullptr || rank(node_class) < rank(*best)) best = &node_class;
  }
  if (best == nullptr) return std::nullopt;
  return PlacementPart{best->id, {}, 1};
}

}  // namespace headroom
