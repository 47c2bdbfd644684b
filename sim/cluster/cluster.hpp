#pragma once
// The cluster at one instant: who holds what, and which nodes are in the same state.
//
// Two ledgers per GPU, and nothing else, decide what fits: every holding is (milli, bytes), and
// both are capped. Nodes whose shape, per-device state, free CPU and free RAM are equal form one
// class; policies look at classes, never at nodes, so that the cost of a decision does not grow
// with equal nodes. Each class keeps its nodes in order of id. A node out of service (down,
// drained, not there) is in a class that no search sees; what runs on it goes on holding.
//
// Bound: there are never more classes than nodes. Byte-granular sharing and odd CPU requests can
// reach it; whole-GPU deployments on equal nodes stay at one class per free-device pattern.

#include "sim/cluster/spec.hpp"
#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"
#include "sim/links/node_graph.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

namespace headroom {

inline constexpr int kWholeGpu = 1000;  // milli
inline constexpr int kKinds = 64;       // a node's largest holding of whole GPUs, and shares

/// What is free on one device.
struct GpuState {
  int milli_free = kWholeGpu;
  Bytes bytes_free = 0;

  /// Nothing of headroom's runs on it (other processes may hold memory).
  [[nodiscard]] bool idle() const { return milli_free == kWholeGpu; }
  /// Idle, and not full of others' memory: what figures call idle.
  [[nodiscard]] bool open() const { return idle() && bytes_free > 0; }
  friend bool operator==(const GpuState&, const GpuState&) = default;
};

/// What one deployment or task takes of one device.
struct GpuHolding {
  int milli = kWholeGpu;
  Bytes bytes = 0;
  [[nodiscard]] bool fits(const GpuState& gpu) const {
    return gpu.milli_free >= milli && gpu.bytes_free >= bytes;
  }
  friend bool operator==(const GpuHolding&, const GpuHolding&) = default;
};

/// Bit of NodeState::kinds of something that holds so much of so many of a node's GPUs.
[[nodiscard]] std::uint64_t kind_bit(const GpuHolding& per_gpu, std::size_t gpus);

/// What is taken of one node: the same holding on each of `devices`.
struct NodeHolding {
  NodeId node{};
  std::vector<int> devices;  // ascending
  GpuHolding per_gpu;
  std::int64_t cpu_milli = 0;
  Bytes ram = 0;
};

/// The state that makes two nodes equal.
struct NodeState {
  NodeShapeId shape{};
  std::vector<GpuState> gpus;
  std::int64_t cpu_free = 0;
  Bytes ram_free = 0;
  bool in_service = true;  // whether anything may be placed on it
  /// What is on it: bit 0, something with a share of a GPU; bit n, something with n whole GPUs of
  /// the node; the last bit, with more. 0 in clusters that do not keep it.
  std::uint64_t kinds = 0;
  friend bool operator==(const NodeState&, const NodeState&) = default;
};

/// Names a class for as long as it exists: a slot is used again, with another generation.
struct ClassId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  friend auto operator<=>(const ClassId&, const ClassId&) = default;
};

struct NodeClass {
  ClassId id;
  NodeState state;
  std::set<NodeId> nodes;

  [[nodiscard]] NodeId first_node() const { return *nodes.begin(); }
};

class Cluster {
 public:
  /// Keeps a reference: the specification must outlive the cluster. With `keeps_kinds` nodes are
  /// in the same state only if what is on them is of the same kinds.
  explicit Cluster(const ClusterSpec& spec, bool keeps_kinds = false);

  [[nodiscard]] const ClusterSpec& spec() const { return spec_; }
  [[nodiscard]] const NodeShape& shape(const NodeClass& node_class) const {
    return spec_.shapes[index(node_class.state.shape)];
  }
  /// The links inside nodes of a shape; null where they are not described: all alike then.
  [[nodiscard]] const NodeGraph* links(NodeShapeId shape) const {
    return links_[index(shape)].get();
  }
  [[nodiscard]] const NodeClass& class_of(NodeId node) const;
  /// Precondition: the class exists.
  [[nodiscard]] const NodeClass& node_class(ClassId id) const;
  [[nodiscard]] bool exists(ClassId id) const;
  [[nodiscard]] std::size_t class_count() const { return live_classes_.size(); }
  /// Slots of the classes of nodes in service, ascending.
  [[nodiscard]] const std::set<std::uint32_t>& live_classes() const { return live_classes_; }
  [[nodiscard]] const NodeClass& class_at(std::uint32_t slot) const { return *classes_[slot]; }

  /// Classes with at least one device of this type, by number of idle devices of it. Empty buckets
  /// are not there.
  [[nodiscard]] const std::map<int, std::set<std::uint32_t>>& by_idle(GpuTypeId type) const {
    return by_idle_[index(type)];
  }
  /// Classes by the free milli of their devices of this type; a class stands under each value it
  /// has.
  [[nodiscard]] const std::map<int, std::set<std::uint32_t>>& by_milli(GpuTypeId type) const {
    return by_milli_[index(type)];
  }

  /// Takes all of it or fails an assertion (a policy's plan is checked before:
  /// sim/run/legality.hpp).
  void take(std::span<const NodeHolding> holdings);
  /// Gives back what was taken. Precondition: it was.
  void give_back(std::span<const NodeHolding> holdings);

  /// Takes a node out of service, or puts it back: then what is free on it counts as freed.
  void set_in_service(NodeId node, bool in_service);
  [[nodiscard]] bool in_service(NodeId node) const { return class_of(node).state.in_service; }

  /// Changes with every take, give_back and set_in_service that changes anything.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  /// Nodes that capacity was freed on, in order, are numbered; this is how many there were so far.
  /// What did not fit may fit once it has changed.
  [[nodiscard]] std::uint64_t freed_position() const { return freed_base_ + freed_.size(); }
  /// The nodes freed since that position; nullopt when it is too long ago to know. What did not fit
  /// then can only fit now with one of them: all others have the same or less.
  [[nodiscard]] std::optional<std::span<const NodeId>> freed_since(std::uint64_t position) const;

  [[nodiscard]] std::int64_t milli_held() const { return milli_held_; }
  [[nodiscard]] Bytes bytes_held() const { return bytes_held_; }
  /// GPUs in service on which nothing of headroom's runs, but those full of others' memory.
  [[nodiscard]] std::int64_t idle_gpus() const { return idle_gpus_; }

 private:
  struct StateHash {
    std::size_t operator()(const NodeState& state) const;
  };

  void apply(const NodeHolding& holding, int sign);
  void count_kind(const NodeHolding& holding, int sign, NodeState& state);
  void move_node(NodeId node, const NodeState& to);
  void note_freed(NodeId node);
  std::uint32_t slot_for(const NodeState& state);
  void retire(std::uint32_t slot);
  void index_class(const NodeClass& node_class, bool insert);

  const ClusterSpec& spec_;
  std::vector<std::unique_ptr<const NodeGraph>> links_;  // by shape
  std::vector<std::unique_ptr<NodeClass>> classes_;      // by slot; null = unused
  std::vector<std::uint32_t> generations_;               // by slot
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<NodeState, std::uint32_t, StateHash> slots_;
  std::set<std::uint32_t> live_classes_;
  std::vector<std::uint32_t> class_of_node_;
  // By node, how many holdings of each kind; empty where kinds are not kept.
  std::vector<std::array<std::uint32_t, kKinds>> kinds_of_node_;
  std::vector<std::map<int, std::set<std::uint32_t>>> by_idle_;   // by type
  std::vector<std::map<int, std::set<std::uint32_t>>> by_milli_;  // by type
  std::uint64_t version_ = 0;
  std::vector<NodeId> freed_;     // the latest, in order
  std::uint64_t freed_base_ = 0;  // how many were dropped before them
  std::int64_t milli_held_ = 0;
  Bytes bytes_held_ = 0;
  std::int64_t idle_gpus_ = 0;
};

}  // namespace headroom
