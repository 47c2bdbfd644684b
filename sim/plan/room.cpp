#include "sim/plan/room.hpp"

#include "sim/plan/holding.hpp"

#include <algorithm>
#include <set>

namespace headroom {
namespace {

bool has_cpu_and_ram(const NodeClass& node_class, const RequestShape& shape, int part, int parts) {
  return node_class.state.cpu_free >= node_part(shape.cpu_milli, part, parts) &&
         node_class.state.ram_free >= node_part(shape.ram, part, parts);
}

int count_fitting(const Cluster& cluster, const NodeClass& node_class, const GpuHolding& holding,
                  GpuTypeId type) {
  const auto& types = cluster.shape(node_class).gpus;
  const auto& gpus = node_class.state.gpus;
  int count = 0;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    count += types[i] == type && holding.fits(gpus[i]) ? 1 : 0;
  }
  return count;
}

// A class and the groups of devices each of its nodes can give to a plan.
struct Offer {
  const NodeClass* node_class;
  int groups;
};

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

RoomSearch::RoomSearch(const Cluster& cluster, const InternedShape& shape)
    : cluster_(cluster), shape_(shape), offered_(cluster.spec().gpu_types.size()) {}

RoomSearch::Offered& RoomSearch::offered(GpuTypeId type) {
  auto& known = offered_[index(type)];
  if (!known) {
    const Bytes memory = cluster_.spec().gpu_types[index(type)].memory;
    known = Offered{gpu_holding(shape_.shape, memory), false, 0, {}};
  }
  return *known;
}

// The classes that may hold `gpus` devices of the type, tightest bucket first, until `visit`
// returns true. Whole requests go by idle devices, shared ones by free milli.
template <class Visit>
void RoomSearch::for_each_bucket(const GpuHolding& holding, GpuTypeId type, int gpus,
                                 Visit visit) const {
  const bool whole = holding.milli == kWholeGpu;
  const auto& buckets = whole ? cluster_.by_idle(type) : cluster_.by_milli(type);
  const int least = whole ? gpus : holding.milli;
  for (auto bucket = buckets.lower_bound(least); bucket != buckets.end(); ++bucket) {
    if (visit(bucket->second)) return;
  }
}

// The same classes one by one, each once (a class stands under every free share that it has).
template <class Visit>
void RoomSearch::for_each_class(const GpuHolding& holding, GpuTypeId type, int gpus,
                                Visit visit) const {
  const bool whole = holding.milli == kWholeGpu;
  std::set<std::uint32_t> seen;
  for_each_bucket(holding, type, gpus, [&](const std::set<std::uint32_t>& bucket) {
    for (const std::uint32_t slot : bucket) {
      if (whole || seen.insert(slot).second) visit(cluster_.class_at(slot));
    }
    return false;
  });
}

void RoomSearch::scan(GpuTypeId type, Offered& out) const {
  out.scanned = true;
  out.groups.assign(static_cast<std::size_t>(cluster_.spec().largest_node(type)) + 1, 0);
  for_each_class(out.holding, type, 1, [&](const NodeClass& node_class) {
    const int devices = count_fitting(cluster_, node_class, out.holding, type);
    out.on_one_node = std::max(out.on_one_node, devices);
    const auto nodes = static_cast<std::int64_t>(node_class.nodes.size());
    for (int size = 1; size <= devices; ++size) {
      out.groups[static_cast<std::size_t>(size)] += nodes * (devices / size);
    }
  });
}

bool RoomSearch::may_hold(GpuTypeId type, ParallelPlan plan) {
  Offered& offer = offered(type);
  if (!offer.scanned) scan(type, offer);
  const auto size = static_cast<std::size_t>(plan.tp);
  return size < offer.groups.size() && offer.groups[size] >= plan.pp;
}

std::vector<int> RoomSearch::first_devices(const NodeClass& node_class, const GpuHolding& holding,
                                           GpuTypeId type, int count) const {
  auto devices = fitting_devices(cluster_, node_class, holding, type);
  devices.resize(static_cast<std::size_t>(count));
  std::sort(devices.begin(), devices.end());
  return devices;
}

std::optional<PlacementPart> RoomSearch::on_one_node(GpuTypeId type, int gpus) {
  const Offered& offer = offered(type);
  if (offer.scanned && offer.on_one_node < gpus) return std::nullopt;
  const NodeClass* best = nullptr;
  for_each_bucket(offer.holding, type, gpus, [&](const std::set<std::uint32_t>& bucket) {
    for (const std::uint32_t slot : bucket) {
      const NodeClass& node_class = cluster_.class_at(slot);
      if (best != nullptr && best->first_node() < node_class.first_node()) continue;
      if (!has_cpu_and_ram(node_class, shape_.shape, gpus, gpus)) continue;
      if (count_fitting(cluster_, node_class, offer.holding, type) >= gpus) best = &node_class;
    }
    return best != nullptr;
  });
  if (best == nullptr) return std::nullopt;
  return PlacementPart{best->id, first_devices(*best, offer.holding, type, gpus), 1};
}

// Groups of plan.tp fitting devices a node of this class offers, at most `wanted`, within CPU and
// RAM.
int RoomSearch::groups_in(const NodeClass& node_class, const GpuHolding& holding, GpuTypeId type,
                          ParallelPlan plan, int wanted) const {
  int groups = std::min(wanted, count_fitting(cluster_, node_class, holding, type) / plan.tp);
  while (groups > 0 && !has_cpu_and_ram(node_class, shape_.shape, groups * plan.tp, plan.gpus())) {
    --groups;
  }
  return groups;
}

std::optional<std::vector<PlacementPart>> RoomSearch::on_equal_nodes(GpuTypeId type,
                                                                     int gpus_per_node, int nodes) {
  const ParallelPlan plan{gpus_per_node, nodes};
  if (!may_hold(type, plan)) return std::nullopt;
  const GpuHolding holding = offered(type).holding;
  std::vector<PlacementPart> parts;
  std::set<std::uint32_t> seen;
  int missing = nodes;
  for_each_bucket(holding, type, gpus_per_node, [&](const std::set<std::uint32_t>& bucket) {
    std::vector<const NodeClass*> fitting;
    for (const std::uint32_t slot : bucket) {
      if (!seen.insert(slot).second) continue;
      const NodeClass& node_class = cluster_.class_at(slot);
      if (groups_in(node_class, holding, type, plan, 1) == 1) fitting.push_back(&node_class);
    }
    std::sort(fitting.begin(), fitting.end(), [](const NodeClass* a, const NodeClass* b) {
      return a->first_node() < b->first_node();
    });
    for (const NodeClass* node_class : fitting) {
      const int taken = std::min(missing, static_cast<int>(node_class->nodes.size()));
      if (taken == 0) break;
      parts.push_back(
          {node_class->id, first_devices(*node_class, holding, type, gpus_per_node), taken});
      missing -= taken;
    }
    return missing == 0;
  });
  if (missing > 0) return std::nullopt;
  return parts;
}

std::optional<std::vector<PlacementPart>> RoomSearch::for_groups(GpuTypeId type,
                                                                 ParallelPlan plan) {
  if (!may_hold(type, plan)) return std::nullopt;
  const GpuHolding holding = offered(type).holding;
  std::vector<Offer> offers;
  for_each_class(holding, type, plan.tp, [&](const NodeClass& node_class) {
    const int groups = groups_in(node_class, holding, type, plan, plan.pp);
    if (groups > 0) offers.push_back({&node_class, groups});
  });
  std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) {
    if (a.groups != b.groups) return a.groups > b.groups;
    return a.node_class->first_node() < b.node_class->first_node();
  });

  std::vector<PlacementPart> parts;
  int missing = plan.pp;
  const auto add = [&](const Offer& offer, int groups, int nodes) {
    parts.push_back({offer.node_class->id,
                     first_devices(*offer.node_class, holding, type, groups * plan.tp), nodes});
    missing -= groups * nodes;
  };
  for (std::size_t i = 0; i < offers.size() && missing > 0; ++i) {
    const int nodes = static_cast<int>(offers[i].node_class->nodes.size());
    const int full_nodes = std::min(nodes, missing / offers[i].groups);
    if (full_nodes > 0) add(offers[i], offers[i].groups, full_nodes);
    if (missing == 0 || full_nodes == nodes) continue;
    // One more node of this class could hold all that is missing: take the tightest that can.
    std::size_t last = i;
    while (last + 1 < offers.size() && offers[last + 1].groups >= missing) ++last;
    while (last > i && offers[last - 1].groups == offers[last].groups) --last;
    add(offers[last], missing, 1);
  }
  if (missing > 0) return std::nullopt;
  return parts;
}

std::optional<PlacementPart> RoomSearch::without_gpus() const {
  const NodeClass* best = nullptr;
  const auto rank = [&](const NodeClass& node_class) {
    return std::pair(cluster_.shape(node_class).gpus.size(), node_class.first_node());
  };
  for (const std::uint32_t slot : cluster_.live_classes()) {
    const NodeClass& node_class = cluster_.class_at(slot);
    if (!has_cpu_and_ram(node_class, shape_.shape, 0, 0)) continue;
    if (best == nullptr || rank(node_class) < rank(*best)) best = &node_class;
  }
  if (best == nullptr) return std::nullopt;
  return PlacementPart{best->id, {}, 1};
}

}  // namespace headroom
