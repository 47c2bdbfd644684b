#pragma once
// What idle GPUs of a node are worth to the deployments that are still to come, and so what a
// placement takes away from them.
//
// Everything is counted in prices of GPU-hours, in thousandths. A deployment of shape m is worth
// what the GPUs of its best plan cost, whatever it runs on, and less under a plan that does less
// for its price; GPUs beyond those of the best plan gain nothing:
//
//     gain(m, plan) = price of the GPUs of m's best plan x min(1, worth(plan) / worth(best plan))
//
// of a shared deployment times its share of a GPU. So 4 GPUs of price 1 under a plan that is 80 %
// as good as the best, which takes 2, count 1,600. The most that deployments of shape m alone get
// out of n idle GPUs of type t of one node is
//
//     E(m, t, 0) = 0
//     E(m, t, n) = max(E(m, t, n - 1), max over plans of m for one node of t with g <= n GPUs of
//                      gain(m, plan) + E(m, t, n - g))
//
// where a GPU that is shared counts as many deployments as have room on it. With the share p(m) of
// each shape in the mix
//
//     V(t, n) = sum over m of p(m) E(m, t, n)
//     loss    = sum over the nodes of a placement, which takes k of n idle GPUs of each,
//               of V(t, n) - V(t, n - k)
//
// CPU, RAM and links of the nodes are left out. V is worked out once for each type.

#include "policies/parts/expected_mix.hpp"
#include "policies/parts/plan_choice.hpp"
#include "sim/plan/shape_table.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace headroom {

class MixValue {
 public:
  /// Without expected shapes, more of the same is expected: each request counts as the whole mix.
  MixValue(const PlacerContext& context, std::vector<ExpectedShape> expected);

  /// V of 0, 1, ... idle GPUs of a node of this type, for a request of this shape. Never decreases.
  [[nodiscard]] const std::vector<std::int64_t>& of_idle(const InternedShape& shape,
                                                         GpuTypeId type);
  /// Of a plan of this shape, of whose plans `best` is the best.
  [[nodiscard]] std::int64_t gain(const InternedShape& shape, const RankedPlan& plan,
                                  const RankedPlan& best) const;
  /// What a placement takes from the mix.
  [[nodiscard]] std::int64_t loss(const Cluster& cluster, const InternedShape& shape,
                                  const Layout& layout);

 private:
  // E(m, t, n) by n.
  [[nodiscard]] std::vector<std::int64_t> capacity(PlanSpace& plans, const InternedShape& shape,
                                                   GpuTypeId type) const;
  [[nodiscard]] std::vector<std::int64_t> expected_capacity(GpuTypeId type);

  PlacerContext context_;
  std::vector<ExpectedShape> expected_;
  // Of the expected shapes: ids of their own, apart from those of the run.
  PlanSpace plans_;
  ShapeTable shapes_;
  std::map<GpuTypeId, std::vector<std::int64_t>> by_type_;
  std::map<std::pair<ShapeId, GpuTypeId>, std::vector<std::int64_t>> of_own_;  // by gpu_shape
};

/// The placement whose gain is most above what it takes from the mix (score = gain - loss); of
/// equal ones the plan of most worth. A plan for one node is tried on nodes of every number of idle
/// GPUs. nullopt exactly where no plan has room.
[[nodiscard]] std::optional<ChosenPlan> choose_for_mix(const PlanQuestion& question,
                                                       MixValue& value);
/// "gains 1.000 and takes 2.000 from the mix", for the decision log.
[[nodiscard]] std::string mix_text(const PlanQuestion& question, MixValue& value,
                                   const RankedPlan& plan, const Layout& layout);

}  // namespace headroom
