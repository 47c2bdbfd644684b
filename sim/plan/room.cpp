#include "sim/plan/room.hpp"

#include "sim/core/int128.hpp"
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

// The bucket in which a search for this holding meets the class first: its idle devices of the
// type, or for shared requests the least free share that is enough.
int bucket_of(const Cluster& cluster, const NodeClass& node_class, const GpuHolding& holding,
              GpuTypeId type) {
  const auto& types = cluster.shape(node_class).gpus;
  const auto& gpus = node_class.state.gpus;
  int idle = 0;
  int least = kWholeGpu;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (types[i] != type) continue;
    idle += gpus[i].idle() ? 1 : 0;
    if (gpus[i].milli_free >= holding.milli) least = std::min(least, gpus[i].milli_free);
  }
  return holding.milli == kWholeGpu ? idle : least;
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

RoomSearch::RoomSearch(const Cluster& cluster, const InternedShape& shape, Freed freed)
    : cluster_(cluster), shape_(shape), freed_(freed), offered_(cluster.spec().gpu_types.size()) {}

RoomSearch::Offered& RoomSearch::offered(GpuTypeId type) {
  auto& known = offered_[index(type)];
  if (!known) {
    const Bytes memory = cluster_.spec().gpu_types[index(type)].memory;
    known = Offered{gpu_holding(shape_.shape, memory), {}, false, 0, {}};
    if (freed_) {
      for (const NodeId node : *freed_) {
        const NodeClass& node_class = cluster_.class_of(node);
        if (!node_class.state.in_service) continue;  // freed, and gone since
        if (count_fitting(cluster_, node_class, known->holding, type) > 0) {
          known->freed.push_back(&node_class);
        }
      }
    }
  }
  return *known;
}

bool RoomSearch::hopeless(std::span<const GpuTypeId> types) {
  return std::all_of(types.begin(), types.end(), [&](GpuTypeId type) { return hopeless(type); });
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

// A quick no: without CPU and RAM looked at, or without a freed node that could take a group.
bool RoomSearch::may_hold(GpuTypeId type, ParallelPlan plan) {
  Offered& offer = offered(type);
  if (freed_ && !freed_node_helps(offer, type, plan)) return false;
  if (!offer.scanned) scan(type, offer);
  const auto size = static_cast<std::size_t>(plan.tp);
  return size < offer.groups.size() && offer.groups[size] >= plan.pp;
}

bool RoomSearch::freed_node_helps(const Offered& offer, GpuTypeId type, ParallelPlan plan) const {
  return std::any_of(offer.freed.begin(), offer.freed.end(), [&](const NodeClass* node_class) {
    return groups_in(*node_class, offer.holding, {type, plan}, 1) == 1;
  });
}

// Of `most` groups that the node has devices for, those over links as good as needed.
int RoomSearch::linked_groups(const NodeClass& node_class, const GpuHolding& holding,
                              const Wanted& wanted, int most) const {
  if (!wanted.need || wanted.need->least == 0 || most == 0) return most;
  const NodeGraph* graph = cluster_.links(node_class.state.shape);
  if (graph == nullptr) {
    const GpuType& gpu = cluster_.spec().gpu_types[index(wanted.type)];
    return gpu.link_bandwidth() >= wanted.need->least ? most : 0;
  }
  const DeviceMask free = fitting_mask(node_class, holding, wanted.type);
  return static_cast<int>(
      graph->best_groups(free, wanted.plan.tp, most, wanted.need->least).size());
}

DeviceMask RoomSearch::fitting_mask(const NodeClass& node_class, const GpuHolding& holding,
                                    GpuTypeId type) const {
  const auto& types = cluster_.shape(node_class).gpus;
  const auto& gpus = node_class.state.gpus;
  DeviceMask mask = 0;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (types[i] == type && holding.fits(gpus[i])) mask |= device_bit(static_cast<int>(i));
  }
  return mask;
}

std::vector<int> RoomSearch::devices_for(const NodeClass& node_class, const GpuHolding& holding,
                                         const Wanted& wanted, int groups) const {
  const int gpus = groups * wanted.plan.tp;
  const NodeGraph* graph = wanted.need ? cluster_.links(node_class.state.shape) : nullptr;
  // A share of one GPU goes where the least is left, which no link outweighs.
  const bool alone = gpus == 1 && holding.milli < kWholeGpu;
  if (graph == nullptr || alone) return first_devices(node_class, holding, wanted.type, gpus);
  DeviceMask taken = 0;
  for (const DeviceMask group : graph->best_groups(fitting_mask(node_class, holding, wanted.type),
                                                   wanted.plan.tp, groups, wanted.need->least)) {
    taken |= group;
  }
  return devices_of(taken);
}

std::vector<int> RoomSearch::first_devices(const NodeClass& node_class, const GpuHolding& holding,
                                           GpuTypeId type, int count) const {
  auto devices = fitting_devices(cluster_, node_class, holding, type);
  devices.resize(static_cast<std::size_t>(count));
  std::sort(devices.begin(), devices.end());
  return devices;
}

bool RoomSearch::fits_on(const NodeClass& node_class, const GpuHolding& holding,
                         const Wanted& wanted) const {
  const int gpus = wanted.plan.gpus();
  if (!has_cpu_and_ram(node_class, shape_.shape, gpus, gpus) ||
      count_fitting(cluster_, node_class, holding, wanted.type) < gpus) {
    return false;
  }
  return linked_groups(node_class, holding, wanted, wanted.groups()) == wanted.groups();
}

const NodeClass* RoomSearch::tightest_class(const GpuHolding& holding, const Wanted& wanted) const {
  const NodeClass* best = nullptr;
  for_each_bucket(holding, wanted.type, wanted.plan.gpus(),
                  [&](const std::set<std::uint32_t>& bucket) {
                    for (const std::uint32_t slot : bucket) {
                      const NodeClass& node_class = cluster_.class_at(slot);
                      if (best != nullptr && best->first_node() < node_class.first_node()) continue;
                      if (fits_on(node_class, holding, wanted)) best = &node_class;
                    }
                    return best != nullptr;
                  });
  return best;
}

const NodeClass* RoomSearch::tightest_freed_class(const Offered& offer,
                                                  const Wanted& wanted) const {
  const auto tightness = [&](const NodeClass& node_class) {
    return std::pair(bucket_of(cluster_, node_class, offer.holding, wanted.type),
                     node_class.first_node());
  };
  const NodeClass* best = nullptr;
  for (const NodeClass* node_class : offer.freed) {
    if (!fits_on(*node_class, offer.holding, wanted)) continue;
    if (best == nullptr || tightness(*node_class) < tightness(*best)) best = node_class;
  }
  return best;
}

std::optional<PlacementPart> RoomSearch::on_one_node(GpuTypeId type, int gpus) {
  return one_node({type, {gpus, 1}});
}

std::optional<PlacementPart> RoomSearch::on_one_node(GpuTypeId type, ParallelPlan plan,
                                                     LinkNeed need) {
  return one_node({type, plan, need});
}

std::optional<PlacementPart> RoomSearch::on_one_node(GpuTypeId type, ParallelPlan plan,
                                                     LinkNeed need, int idle) {
  const auto& buckets = cluster_.by_idle(type);
  const auto bucket = buckets.find(idle);
  if (bucket == buckets.end()) return std::nullopt;
  const Wanted wanted{type, plan, need};
  const GpuHolding holding = offered(type).holding;
  const NodeClass* best = nullptr;
  for (const std::uint32_t slot : bucket->second) {
    const NodeClass& node_class = cluster_.class_at(slot);
    if (best != nullptr && best->first_node() < node_class.first_node()) continue;
    if (fits_on(node_class, holding, wanted)) best = &node_class;
  }
  if (best == nullptr) return std::nullopt;
  return PlacementPart{best->id, devices_for(*best, holding, wanted, wanted.groups()), 1};
}

std::optional<PlacementPart> RoomSearch::one_node(const Wanted& wanted) {
  const Offered& offer = offered(wanted.type);
  if (offer.scanned && offer.on_one_node < wanted.plan.gpus()) return std::nullopt;
  const NodeClass* best =
      freed_ ? tightest_freed_class(offer, wanted) : tightest_class(offer.holding, wanted);
  if (best == nullptr) return std::nullopt;
  return PlacementPart{best->id, devices_for(*best, offer.holding, wanted, wanted.groups()), 1};
}

// Groups of plan.tp fitting devices a node of this class offers, at most `most`, within CPU and
// RAM: the most k with ceil(need x k x tp / gpus) <= free, that is need x k x tp <= free x gpus.
int RoomSearch::groups_in(const NodeClass& node_class, const GpuHolding& holding,
                          const Wanted& wanted, int most) const {
  const ParallelPlan plan = wanted.plan;
  std::int64_t groups =
      std::min(most, count_fitting(cluster_, node_class, holding, wanted.type) / plan.tp);
  groups = linked_groups(node_class, holding, wanted, static_cast<int>(groups));
  const auto limit = [&](std::int64_t need, std::int64_t free) {
    if (groups > 0 && need > 0) {
      groups = std::min(groups, mul_div_floor(free, plan.gpus(), need * plan.tp));
    }
  };
  limit(shape_.shape.cpu_milli, node_class.state.cpu_free);
  limit(shape_.shape.ram, node_class.state.ram_free);
  return static_cast<int>(groups);
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
      if (groups_in(node_class, holding, {type, plan}, 1) == 1) fitting.push_back(&node_class);
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

std::optional<std::vector<PlacementPart>> RoomSearch::for_groups(GpuTypeId type, ParallelPlan plan,
                                                                 std::optional<LinkNeed> need) {
  if (!may_hold(type, plan)) return std::nullopt;
  const GpuHolding holding = offered(type).holding;
  const Wanted wanted{type, plan, need};
  std::vector<Offer> offers;
  for_each_class(holding, type, plan.tp, [&](const NodeClass& node_class) {
    const int groups = groups_in(node_class, holding, wanted, plan.pp);
    if (groups > 0) offers.push_back({&node_class, groups});
  });
  std::sort(offers.begin(), offers.end(), [](const Offer& a, const Offer& b) {
    if (a.groups != b.groups) return a.groups > b.groups;
    return a.node_class->first_node() < b.node_class->first_node();
  });

  std::vector<PlacementPart> parts;
  int missing = plan.pp;
  const auto add = [&](const Offer& offer, int groups, int nodes) {
    parts.push_back(
        {offer.node_class->id, devices_for(*offer.node_class, holding, wanted, groups), nodes});
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
