#pragma once
// Interned request shapes: each distinct shape of a run once, with an id and its GPU types resolved
// against the cluster. What is worked out per shape is then worked out once.

#include "sim/cluster/spec.hpp"
#include "sim/core/ids.hpp"
#include "sim/workload/request.hpp"

#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace headroom {

struct InternedShape {
  ShapeId id{};
  RequestShape shape;
  /// Same for all shapes that differ in CPU and RAM alone: keys what depends on GPUs only.
  ShapeId gpu_shape{};
  std::vector<GpuTypeId> allowed;  // types of the cluster this shape may use, ascending
  /// The same under each degradation that it allows, in their order: shapes that allow none. They
  /// hold the same of a GPU and of a node as this one.
  std::vector<const InternedShape*> degraded = {};

  /// As it is served: 0 = as asked, else the number of a degradation, from 1.
  [[nodiscard]] const InternedShape& served(int degradation) const {
    return degradation == 0 ? *this : *degraded[static_cast<std::size_t>(degradation) - 1];
  }
};

class ShapeTable {
 public:
  explicit ShapeTable(const ClusterSpec& cluster) : cluster_(cluster) {}

  /// The interned form; the reference stays valid as long as the table.
  const InternedShape& intern(const RequestShape& shape);
  [[nodiscard]] const InternedShape& at(ShapeId id) const { return *shapes_[index(id)]; }
  [[nodiscard]] std::size_t size() const { return shapes_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const RequestShape& shape) const;
  };
  [[nodiscard]] RequestShape under(const RequestShape& shape, const Degradation& degradation);

  const ClusterSpec& cluster_;
  std::unordered_map<RequestShape, ShapeId, Hash> ids_;
  // Checkpoints in fewer bits, one object each, by the one asked for.
  std::map<std::pair<const Model*, Degradation::Checkpoint>, std::shared_ptr<const Model>>
      checkpoints_;
  std::vector<std::unique_ptr<InternedShape>> shapes_;
};

}  // namespace headroom
