#pragma once
// The links of one node shape as a graph, and what sets of its GPUs are worth.
//
// Vertices are GPUs, switches and sockets; an edge has a rate. Data passes through switches and
// sockets, and through GPUs of the group itself (they take part in the ring), never through a GPU
// outside it: NCCL has no transport that would. So the bottleneck of a set is the least edge of the
// widest tree over its members, where two members are as far apart as the widest path between them
// that meets no other GPU. Links that several paths share are not divided. docs/links.md
//
// Best sets are memoised by (free mask, k); a graph belongs to one run and one thread.

#include "sim/hardware/gpu_type.hpp"
#include "sim/links/description.hpp"
#include "sim/links/link.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

namespace headroom {

/// Devices of a node: bit i is device i. A node has at most 64.
using DeviceMask = std::uint64_t;

[[nodiscard]] constexpr DeviceMask device_bit(int device) { return DeviceMask{1} << device; }
[[nodiscard]] DeviceMask mask_of(std::span<const int> devices);
/// Ascending.
[[nodiscard]] std::vector<int> devices_of(DeviceMask mask);

class NodeGraph {
 public:
  /// `gpus`: the type of each device, in order; at most 64, none null.
  NodeGraph(const NodeLinks& links, std::span<const GpuType* const> gpus);

  [[nodiscard]] int size() const { return size_; }
  /// The widest path between two different devices that meets no third GPU.
  [[nodiscard]] const Link& between(int a, int b) const { return pairs_[at(a, b)]; }
  /// The worst link of the widest tree over a set: kNoLink for one device or none.
  [[nodiscard]] Link bottleneck(DeviceMask devices) const;
  /// The links there are between devices of a set, the fastest first, each once.
  [[nodiscard]] std::vector<Link> kinds(DeviceMask devices) const;

  /// The k of `free` with the widest bottleneck. Of several such sets, in this order: the widest
  /// further links; devices whose best links to other free devices are worth least, so that pairs
  /// and quads stay whole for others; the lowest ids. Precondition: 0 < k <= devices of `free`.
  [[nodiscard]] DeviceMask best(DeviceMask free, int k) const;
  /// Up to `count` disjoint sets of `size` devices, none with a bottleneck below `least`; with
  /// `least` 0 it is floor(free / size) at most. As many as there can be, and of so many those
  /// whose worst bottleneck is the widest, where at most kMostPacked devices are free; beyond, and
  /// among equals, each is the best of what the ones before it left.
  [[nodiscard]] std::vector<DeviceMask> best_groups(DeviceMask free, int size, int count,
                                                    std::int64_t least) const;

  static constexpr int kMostPacked = 8;

  /// As best() without its memory, for tests and benchmarks.
  [[nodiscard]] DeviceMask search_best(DeviceMask free, int k) const;

 private:
  struct Key {
    DeviceMask free = 0;
    int k = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct GroupsKey {
    DeviceMask free = 0;
    int size = 0;
    int count = 0;
    std::int64_t least = 0;
    friend auto operator<=>(const GroupsKey&, const GroupsKey&) = default;
  };
  struct Company;
  struct Grown;
  struct Packing;

  [[nodiscard]] std::size_t at(int a, int b) const {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(size_) +
           static_cast<std::size_t>(b);
  }
  [[nodiscard]] std::vector<Company> company_of(DeviceMask free) const;
  [[nodiscard]] Grown grow(int start, DeviceMask free, int k,
                           std::span<const Company> company) const;

  [[nodiscard]] Packing pack_greedily(DeviceMask free, int size, int count,
                                      std::int64_t least) const;
  [[nodiscard]] Packing pack(DeviceMask free, int size, int count, std::int64_t least) const;

  int size_ = 0;
  std::vector<Link> pairs_;  // size x size
  mutable std::unordered_map<Key, DeviceMask, KeyHash> best_;
  mutable std::map<GroupsKey, std::vector<DeviceMask>> groups_;
};

}  // namespace headroom
