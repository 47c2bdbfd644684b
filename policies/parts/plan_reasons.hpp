#pragma once
// Why plans were passed over, for the decision log: refused by the engine (its rule, and the bytes
// short), no room now (the bytes short), or worth less than what was chosen (by how much).

#include "sim/policy/placer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace headroom {

/// Free bytes of the devices that a request could take, looked up once for each type.
class FreeBytes {
 public:
  FreeBytes(const Cluster& cluster, const InternedShape& shape)
      : cluster_(cluster), shape_(shape), by_type_(cluster.spec().gpu_types.size()) {}

  /// The most bytes that each device of the plan could have.
  [[nodiscard]] Bytes nearest(const RankedPlan& plan);
  /// What the shape takes of each device of a type.
  [[nodiscard]] Bytes wanted(GpuTypeId type) const;

 private:
  struct Nodes {
    std::vector<Bytes> free;  // by device, most first
    std::int64_t count = 0;
  };

  const std::vector<Nodes>& of(GpuTypeId type);
  [[nodiscard]] std::vector<Bytes> of_class(const NodeClass& node_class, GpuTypeId type) const;

  const Cluster& cluster_;
  const InternedShape& shape_;
  std::vector<std::optional<std::vector<Nodes>>> by_type_;
};

class PlanReasons {
 public:
  explicit PlanReasons(const PlacerContext& context) : context_(context) {}

  /// TP x PP on one node of each type that the engine refuses; a type that it refuses whatever the
  /// plan, once. Worked out once per GPU shape.
  [[nodiscard]] const std::vector<PassedOver>& refused(const InternedShape& shape);

  /// A plan that found no room. Its figure: what the devices that come nearest lack, each, of the
  /// shape's holding; 0 where they have it, and the CPU, RAM or links do not do.
  [[nodiscard]] PassedOver no_room(FreeBytes& free, const RankedPlan& plan) const;

  /// A plan of the same list as the one chosen that ranks behind it.
  [[nodiscard]] PassedOver worse(const RankedPlan& plan, const RankedPlan& chosen) const;

  /// "TP 2 x PP 2 on one node of RTX-3090 over 25 GB/s".
  [[nodiscard]] std::string describe(const RankedPlan& plan) const;

 private:
  void add_refused(const InternedShape& shape, GpuTypeId type, std::vector<PassedOver>& out) const;

  PlacerContext context_;
  std::unordered_map<ShapeId, std::vector<PassedOver>> refused_;  // by gpu_shape
};

}  // namespace headroom
