#include "sim/run/weight_cache.hpp"

#include "sim/core/assert.hpp"

#include <algorithm>
#include <numeric>

namespace headroom {
namespace {

Bytes sum(const std::vector<WeightCache::Entry>& disk) {
  return std::accumulate(disk.begin(), disk.end(), Bytes{0},
                         [](Bytes bytes, const auto& entry) { return bytes + entry.bytes; });
}

auto find_entry(const std::vector<WeightCache::Entry>& disk, std::string_view model, Bytes bytes) {
  return std::find_if(disk.begin(), disk.end(), [&](const WeightCache::Entry& entry) {
    return entry.bytes == bytes && entry.model == model;
  });
}

}  // namespace

bool WeightCache::holds(NodeId node, std::string_view model, Bytes bytes) const {
  const auto disk = disks_.find(node);
  return disk != disks_.end() && find_entry(disk->second, model, bytes) != disk->second.end();
}

void WeightCache::use(NodeId node, std::string_view model, Bytes bytes) {
  if (bytes > capacity_) return;
  auto& disk = disks_[node];
  if (const auto known = find_entry(disk, model, bytes); known != disk.end()) disk.erase(known);
  Bytes held = sum(disk);
  while (held > capacity_ - bytes) {
    held -= disk.front().bytes;
    drop(node, disk.front());
    disk.erase(disk.begin());
  }
  disk.push_back({std::string(model), bytes});
  auto& nodes = nodes_[{std::string(model), bytes}];
  const auto at = std::lower_bound(nodes.begin(), nodes.end(), node);
  if (at == nodes.end() || *at != node) nodes.insert(at, node);
  HEADROOM_ASSERT(used(node) <= capacity_, "more weights on a disk than it holds");
}

void WeightCache::forget(NodeId node) {
  const auto disk = disks_.find(node);
  if (disk == disks_.end()) return;
  for (const Entry& entry : disk->second) drop(node, entry);
  disks_.erase(disk);
}

void WeightCache::drop(NodeId node, const Entry& entry) {
  auto& nodes = nodes_[{entry.model, entry.bytes}];
  nodes.erase(std::lower_bound(nodes.begin(), nodes.end(), node));
}

std::span<const NodeId> WeightCache::nodes_with(std::string_view model, Bytes bytes) const {
  const auto found = nodes_.find({std::string(model), bytes});
  if (found == nodes_.end()) return {};
  return found->second;
}

Bytes WeightCache::used(NodeId node) const {
  const auto disk = disks_.find(node);
  return disk == disks_.end() ? 0 : sum(disk->second);
}

}  // namespace headroom
