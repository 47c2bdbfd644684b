#include "sim/cluster/cluster.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>
#include <bit>

namespace headroom {
namespace {

// After more freed nodes than this a search looks everywhere again.
constexpr std::ptrdiff_t kFreedKept = 256;

std::size_t mix(std::size_t seed, std::uint64_t value) {
  // 64-bit finaliser of MurmurHash3; only the spread matters, results never depend on it.
  value ^= value >> 33U;
  value *= 0xff51afd7ed558ccdULL;
  value ^= value >> 33U;
  return (seed ^ value) * 0x9e3779b97f4a7c15ULL;
}

std::int64_t idle_devices(const NodeState& state) {
  return std::count_if(state.gpus.begin(), state.gpus.end(),
                       [](const GpuState& gpu) { return gpu.open(); });
}

std::vector<std::unique_ptr<const NodeGraph>> graphs_of(const ClusterSpec& spec) {
  std::vector<std::unique_ptr<const NodeGraph>> graphs(spec.shapes.size());
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    const NodeShape& shape = spec.shapes[i];
    if (shape.links.fabric == NodeFabric::uniform) continue;
    std::vector<const GpuType*> gpus;
    for (const GpuTypeId type : shape.gpus) gpus.push_back(&spec.gpu_types[index(type)]);
    graphs[i] = std::make_unique<const NodeGraph>(shape.links, gpus);
  }
  return graphs;
}

}  // namespace

std::uint64_t kind_bit(const GpuHolding& per_gpu, std::size_t gpus) {
  if (per_gpu.milli < kWholeGpu) return 1;
  return std::uint64_t{1} << std::min<std::size_t>(gpus, kKinds - 1);
}

std::size_t Cluster::StateHash::operator()(const NodeState& state) const {
  std::size_t seed = mix(0, index(state.shape));
  for (const auto& gpu : state.gpus) {
    seed = mix(seed, static_cast<std::uint64_t>(gpu.milli_free));
    seed = mix(seed, static_cast<std::uint64_t>(gpu.bytes_free));
  }
  seed = mix(seed, static_cast<std::uint64_t>(state.cpu_free));
  seed = mix(seed, static_cast<std::uint64_t>(state.ram_free));
  return mix(mix(seed, state.kinds), state.in_service ? 1 : 0);
}

Cluster::Cluster(const ClusterSpec& spec, bool keeps_kinds)
    : spec_(spec),
      links_(graphs_of(spec)),
      class_of_node_(spec.nodes.size()),
      kinds_of_node_(keeps_kinds ? spec.nodes.size() : 0),
      by_idle_(spec.gpu_types.size()),
      by_milli_(spec.gpu_types.size()) {
  for (std::size_t i = 0; i < spec.nodes.size(); ++i) {
    const NodeSpec& node = spec.nodes[i];
    const NodeShape& node_shape = spec.shapes[index(node.shape)];
    NodeState state{node.shape, {}, node_shape.cpu_milli, node_shape.ram};
    for (std::size_t device = 0; device < node_shape.gpus.size(); ++device) {
      const Bytes used = node.used.empty() ? 0 : node.used[device];
      const Bytes total = spec.gpu_types[index(node_shape.gpus[device])].memory;
      state.gpus.push_back({kWholeGpu, total - used});
    }
    idle_gpus_ += idle_devices(state);
    const std::uint32_t slot = slot_for(state);
    classes_[slot]->nodes.insert(static_cast<NodeId>(i));
    class_of_node_[i] = slot;
  }
}

const NodeClass& Cluster::class_of(NodeId node) const {
  return *classes_[class_of_node_[index(node)]];
}

bool Cluster::exists(ClassId id) const {
  return id.slot < classes_.size() && classes_[id.slot] != nullptr &&
         classes_[id.slot]->id.generation == id.generation;
}

const NodeClass& Cluster::node_class(ClassId id) const {
  HEADROOM_ASSERT(exists(id), "a class that is gone was asked for");
  return *classes_[id.slot];
}

void Cluster::take(std::span<const NodeHolding> holdings) {
  for (const auto& holding : holdings) apply(holding, +1);
  ++version_;
}

void Cluster::give_back(std::span<const NodeHolding> holdings) {
  for (const auto& holding : holdings) {
    apply(holding, -1);
    note_freed(holding.node);
  }
  ++version_;
}

void Cluster::set_in_service(NodeId node, bool in_service) {
  NodeState state = class_of(node).state;
  if (state.in_service == in_service) return;
  state.in_service = in_service;
  idle_gpus_ += in_service ? idle_devices(state) : -idle_devices(state);
  move_node(node, state);
  note_freed(node);
  ++version_;
}

// Room on a node out of service is no use to anybody until it is back.
void Cluster::note_freed(NodeId node) {
  if (!in_service(node)) return;
  freed_.push_back(node);
  const auto dropped = std::ssize(freed_) - kFreedKept;
  if (dropped > kFreedKept) {
    freed_.erase(freed_.begin(), freed_.begin() + dropped);
    freed_base_ += static_cast<std::uint64_t>(dropped);
  }
}

std::optional<std::span<const NodeId>> Cluster::freed_since(std::uint64_t position) const {
  if (position < freed_base_) return std::nullopt;
  return std::span(freed_).subspan(static_cast<std::size_t>(position - freed_base_));
}

void Cluster::apply(const NodeHolding& holding, int sign) {
  NodeState state = class_of(holding.node).state;
  const NodeShape& node_shape = spec_.shapes[index(state.shape)];
  const NodeSpec& node = spec_.nodes[index(holding.node)];
  const std::int64_t idle_before = idle_devices(state);
  for (const int device : holding.devices) {
    const auto i = static_cast<std::size_t>(device);
    HEADROOM_ASSERT(i < state.gpus.size(), "a device that the node does not have");
    GpuState& gpu = state.gpus[i];
    gpu.milli_free -= sign * holding.per_gpu.milli;
    gpu.bytes_free -= sign * holding.per_gpu.bytes;
    const Bytes total = spec_.gpu_types[index(node_shape.gpus[i])].memory;
    const Bytes used = node.used.empty() ? 0 : node.used[i];
    HEADROOM_ASSERT(gpu.milli_free >= 0 && gpu.milli_free <= kWholeGpu, "GPU milli out of range");
    HEADROOM_ASSERT(gpu.bytes_free >= 0 && gpu.bytes_free <= total - used,
                    "GPU bytes out of range");
    milli_held_ += std::int64_t{sign} * holding.per_gpu.milli;
    bytes_held_ += sign * holding.per_gpu.bytes;
  }
  state.cpu_free -= sign * holding.cpu_milli;
  state.ram_free -= sign * holding.ram;
  HEADROOM_ASSERT(state.cpu_free >= 0 && state.cpu_free <= node_shape.cpu_milli,
                  "CPU out of range");
  HEADROOM_ASSERT(state.ram_free >= 0 && state.ram_free <= node_shape.ram, "RAM out of range");
  count_kind(holding, sign, state);
  if (state.in_service) idle_gpus_ += idle_devices(state) - idle_before;
  move_node(holding.node, state);
}

void Cluster::count_kind(const NodeHolding& holding, int sign, NodeState& state) {
  if (kinds_of_node_.empty() || holding.devices.empty()) return;
  const std::uint64_t bit = kind_bit(holding.per_gpu, holding.devices.size());
  std::uint32_t& count =
      kinds_of_node_[index(holding.node)][static_cast<std::size_t>(std::countr_zero(bit))];
  count = sign > 0 ? count + 1 : count - 1;
  state.kinds = count > 0 ? state.kinds | bit : state.kinds & ~bit;
}

void Cluster::move_node(NodeId node, const NodeState& to) {
  const std::uint32_t from = class_of_node_[index(node)];
  const std::uint32_t slot = slot_for(to);
  if (slot == from) return;
  classes_[slot]->nodes.insert(node);
  class_of_node_[index(node)] = slot;
  classes_[from]->nodes.erase(node);
  if (classes_[from]->nodes.empty()) retire(from);
}

std::uint32_t Cluster::slot_for(const NodeState& state) {
  const auto found = slots_.find(state);
  if (found != slots_.end()) return found->second;
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(classes_.size());
    classes_.emplace_back();
    generations_.push_back(0);
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  classes_[slot] = std::make_unique<NodeClass>(NodeClass{{slot, ++generations_[slot]}, state, {}});
  slots_.emplace(state, slot);
  if (state.in_service) {
    live_classes_.insert(slot);
    index_class(*classes_[slot], true);
  }
  return slot;
}

void Cluster::retire(std::uint32_t slot) {
  if (classes_[slot]->state.in_service) index_class(*classes_[slot], false);
  slots_.erase(classes_[slot]->state);
  live_classes_.erase(slot);
  classes_[slot].reset();
  free_slots_.push_back(slot);
}

void Cluster::index_class(const NodeClass& node_class, bool insert) {
  const NodeShape& node_shape = shape(node_class);
  const auto update = [&](std::map<int, std::set<std::uint32_t>>& buckets, int key) {
    if (insert) {
      buckets[key].insert(node_class.id.slot);
      return;
    }
    const auto bucket = buckets.find(key);
    if (bucket == buckets.end()) return;  // a value that two devices share is removed once
    bucket->second.erase(node_class.id.slot);
    if (bucket->second.empty()) buckets.erase(bucket);
  };
  std::map<GpuTypeId, int> idle;
  for (std::size_t i = 0; i < node_shape.gpus.size(); ++i) {
    const GpuState& gpu = node_class.state.gpus[i];
    idle[node_shape.gpus[i]] += gpu.idle() ? 1 : 0;
    update(by_milli_[index(node_shape.gpus[i])], gpu.milli_free);
  }
  for (const auto& [type, count] : idle) update(by_idle_[index(type)], count);
}

}  // namespace headroom
