#pragma once
// Which weights stand on the disks of which nodes. Whole checkpoints, by name and size; when one
// more does not fit, those that were used longest ago go first.

#include "sim/core/ids.hpp"
#include "sim/core/units.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom {

class WeightCache {
 public:
  struct Entry {
    std::string model;
    Bytes bytes = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  /// `capacity`: bytes of each node's disk.
  explicit WeightCache(Bytes capacity) : capacity_(capacity) {}

  [[nodiscard]] bool holds(NodeId node, std::string_view model, Bytes bytes) const;
  /// Was loaded there just now: stays as the latest used. One above the capacity is not kept.
  void use(NodeId node, std::string_view model, Bytes bytes);
  /// The disk is gone with its node.
  void forget(NodeId node);

  /// The nodes that hold a checkpoint, ascending. Valid until the next change.
  [[nodiscard]] std::span<const NodeId> nodes_with(std::string_view model, Bytes bytes) const;

  /// By node; of each the least recently used first.
  [[nodiscard]] const std::map<NodeId, std::vector<Entry>>& disks() const { return disks_; }
  [[nodiscard]] Bytes capacity() const { return capacity_; }
  /// Bytes on one disk: never above the capacity.
  [[nodiscard]] Bytes used(NodeId node) const;

 private:
  void drop(NodeId node, const Entry& entry);

  Bytes capacity_;
  std::map<NodeId, std::vector<Entry>> disks_;
  std::map<std::pair<std::string, Bytes>, std::vector<NodeId>> nodes_;  // ascending, by checkpoint
};

}  // namespace headroom
