#include "sim/links/node_graph.hpp"

#include "sim/core/assert.hpp"
#include "sim/links/fabric.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

namespace headroom {
namespace {

// Beyond this many the memory starts anew: nodes of 64 GPUs have more masks than any machine.
constexpr std::size_t kMostRemembered = 1 << 16;

}  // namespace

DeviceMask mask_of(std::span<const int> devices) {
  DeviceMask mask = 0;
  for (const int device : devices) mask |= device_bit(device);
  return mask;
}

std::vector<int> devices_of(DeviceMask mask) {
  std::vector<int> devices;
  for (; mask != 0; mask &= mask - 1) devices.push_back(std::countr_zero(mask));
  return devices;
}

std::size_t NodeGraph::KeyHash::operator()(const Key& key) const {
  const std::uint64_t mixed =
      (key.free ^ (key.free >> 31U)) * 0x9e3779b97f4a7c15ULL + static_cast<unsigned>(key.k);
  return static_cast<std::size_t>((mixed ^ (mixed >> 29U)) * 0xbf58476d1ce4e5b9ULL);
}

// What a free device loses its neighbours by being taken: its widest link to another free device,
// and to how many it has it.
struct NodeGraph::Company {
  std::int64_t widest = 0;
  int neighbours = 0;
  friend auto operator<=>(const Company&, const Company&) = default;
};

// A set grown from one device, and what ranks it.
struct NodeGraph::Grown {
  DeviceMask devices = 0;
  std::vector<std::int64_t> links;  // of its widest tree, ascending
  std::vector<Company> company;     // of its devices, ascending
};

NodeGraph::NodeGraph(const NodeLinks& links, std::span<const GpuType* const> gpus)
    : size_(static_cast<int>(gpus.size())), pairs_(pair_links(links, gpus)) {
  HEADROOM_ASSERT(gpus.size() <= 64, "a node of more than 64 GPUs");
}

Link NodeGraph::bottleneck(DeviceMask devices) const {
  Link worst;
  if (std::popcount(devices) < 2) return worst;
  // Prim: always the widest link out of what is reached.
  DeviceMask reached = devices & (~devices + 1);
  while (reached != devices) {
    const Link* widest = nullptr;
    int next = -1;
    for (const int b : devices_of(devices & ~reached)) {
      for (const int a : devices_of(reached)) {
        if (widest != nullptr && between(a, b).rate <= widest->rate) continue;
        widest = &between(a, b);
        next = b;
      }
    }
    if (widest->rate < worst.rate) worst = *widest;
    reached |= device_bit(next);
  }
  return worst;
}

std::vector<Link> NodeGraph::kinds(DeviceMask devices) const {
  std::vector<Link> out;
  const std::vector<int> all = devices_of(devices);
  for (const int a : all) {
    for (const int b : all) {
      if (a < b) out.push_back(between(a, b));
    }
  }
  std::sort(out.begin(), out.end(), std::greater<>());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<NodeGraph::Company> NodeGraph::company_of(DeviceMask free) const {
  std::vector<Company> out(static_cast<std::size_t>(size_));
  for (const int a : devices_of(free)) {
    Company& company = out[static_cast<std::size_t>(a)];
    for (const int b : devices_of(free & ~device_bit(a))) {
      const std::int64_t rate = between(a, b).rate;
      if (rate > company.widest) company = {rate, 0};
      if (rate == company.widest) ++company.neighbours;
    }
  }
  return out;
}

// The widest tree as Prim's algorithm grows it, cut off at k devices. From some start of a part
// of the graph that holds k devices over links of at least w it never takes a link below w, so the
// best of all starts has the widest bottleneck of any k.
NodeGraph::Grown NodeGraph::grow(int start, DeviceMask free, int k,
                                 std::span<const Company> company) const {
  Grown out{device_bit(start), {}, {}};
  std::vector<std::int64_t> reach(static_cast<std::size_t>(size_), 0);  // widest link into the set
  int newest = start;
  DeviceMask left = free & ~device_bit(start);
  for (int taken = 1; taken < k; ++taken) {
    int next = -1;
    const auto rank = [&](int device) {
      const auto i = static_cast<std::size_t>(device);
      return std::tuple(-reach[i], company[i], device);
    };
    for (const int device : devices_of(left)) {
      auto& widest = reach[static_cast<std::size_t>(device)];
      widest = std::max(widest, between(newest, device).rate);
      if (next < 0 || rank(device) < rank(next)) next = device;
    }
    out.devices |= device_bit(next);
    out.links.push_back(reach[static_cast<std::size_t>(next)]);
    left &= ~device_bit(next);
    newest = next;
  }
  std::sort(out.links.begin(), out.links.end());
  return out;
}

DeviceMask NodeGraph::search_best(DeviceMask free, int k) const {
  HEADROOM_ASSERT(k > 0 && k <= std::popcount(free), "more devices asked for than are free");
  const std::vector<Company> company = company_of(free);
  // Of links equally wide, to lonely devices first, or to those that bring wide links of their own.
  std::vector<Company> reversed = company;
  for (Company& of : reversed) of.widest = -of.widest;
  std::optional<Grown> best;
  const auto better = [](const Grown& a, const Grown& b) {
    if (a.links != b.links) return a.links > b.links;  // the worst link first
    if (a.company != b.company) return a.company < b.company;
    return devices_of(a.devices) < devices_of(b.devices);
  };
  for (const int start : devices_of(free)) {
    for (const std::vector<Company>* order : {&std::as_const(company), &std::as_const(reversed)}) {
      Grown grown = grow(start, free, k, *order);
      for (const int device : devices_of(grown.devices)) {
        grown.company.push_back(company[static_cast<std::size_t>(device)]);
      }
      std::sort(grown.company.begin(), grown.company.end());
      if (!best || better(grown, *best)) best = std::move(grown);
    }
  }
  return best->devices;
}

DeviceMask NodeGraph::best(DeviceMask free, int k) const {
  const Key key{free, k};
  if (const auto known = best_.find(key); known != best_.end()) return known->second;
  const DeviceMask found = search_best(free, k);
  if (best_.size() >= kMostRemembered) best_.clear();
  best_.emplace(key, found);
  return found;
}

// Disjoint groups, and what ranks them.
struct NodeGraph::Packing {
  std::vector<DeviceMask> groups;
  std::int64_t worst = kNoLink;  // the least of their bottlenecks

  void add(DeviceMask group, std::int64_t rate) {
    groups.push_back(group);
    worst = std::min(worst, rate);
  }
  [[nodiscard]] bool better_than(const Packing& other) const {
    if (groups.size() != other.groups.size()) return groups.size() > other.groups.size();
    return worst > other.worst;
  }
};

NodeGraph::Packing NodeGraph::pack_greedily(DeviceMask free, int size, int count,
                                            std::int64_t least) const {
  Packing out;
  while (static_cast<int>(out.groups.size()) < count && std::popcount(free) >= size) {
    const DeviceMask group = best(free, size);
    const std::int64_t rate = bottleneck(group).rate;
    if (rate < least) break;  // and so all others that are left
    out.add(group, rate);
    free &= ~group;
  }
  return out;
}

// All ways: the lowest free device is in one of the groups, or in none.
NodeGraph::Packing NodeGraph::pack(DeviceMask free, int size, int count, std::int64_t least) const {
  if (count == 0 || std::popcount(free) < size) return {};
  const DeviceMask first = free & (~free + 1);
  const DeviceMask others = free & ~first;
  Packing best = pack(others, size, count, least);
  for (DeviceMask with = others;; with = (with - 1) & others) {  // every subset of the others
    if (std::popcount(with) == size - 1) {
      const DeviceMask group = first | with;
      if (const std::int64_t rate = bottleneck(group).rate; rate >= least) {
        Packing packing = pack(others & ~with, size, count - 1, least);
        packing.add(group, rate);
        if (packing.better_than(best)) best = std::move(packing);
      }
    }
    if (with == 0) return best;
  }
}

std::vector<DeviceMask> NodeGraph::best_groups(DeviceMask free, int size, int count,
                                               std::int64_t least) const {
  const GroupsKey key{free, size, count, least};
  if (const auto known = groups_.find(key); known != groups_.end()) return known->second;
  Packing found = pack_greedily(free, size, count, least);
  if (size > 1 && std::popcount(free) <= kMostPacked) {
    Packing exact = pack(free, size, count, least);
    if (exact.better_than(found)) found = std::move(exact);
  }
  if (groups_.size() >= kMostRemembered) groups_.clear();
  return groups_.emplace(key, std::move(found.groups)).first->second;
}

}  // namespace headroom
