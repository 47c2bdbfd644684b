#pragma once
// Interned request shapes: each distinct shape of a run once, with an id and its GPU types resolved
// against the cluster. What is worked out per shape is then worked out once.

#include "sim/cluster/spec.hpp"
#include "sim/core/ids.hpp"
#include "sim/workload/request.hpp"

#include <memory>
#include <unordered_map>
#include <vector>

namespace headroom {

struct InternedShape {
  ShapeId id{};
  RequestShape shape;
  /// Same for all shapes that differ in CPU and RAM alone: keys what depends on GPUs only.
  ShapeId gpu_shape{};
  std::vector<GpuTypeId> allowed;  // types of the cluster this shape may use, ascending
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
  const ClusterSpec& cluster_;
  std::unordered_map<RequestShape, ShapeId, Hash> ids_;
  std::vector<std::unique_ptr<InternedShape>> shapes_;
};

}  // namespace headroom
