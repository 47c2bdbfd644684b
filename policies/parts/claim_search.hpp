#pragma once
// The search that naive and head-aware share: the fewest GPUs whose memory holds a claim made from
// the size of the weights alone.

#include "sim/policy/placer.hpp"

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace headroom {

/// floor(1.2 x weight bytes) + 2 GiB: GPUStack's estimate for a language model
/// (gpustack policies/utils.py estimate_model_vram).
[[nodiscard]] Bytes weight_claim(const Model& model);

class ClaimSearch {
 public:
  /// Why the engine would refuse these sizes for this model, or nullopt if they may be used.
  using SizeFilter = std::function<std::optional<std::string>(const LlmDeployment&, ParallelPlan)>;

  ClaimSearch(const PlacerContext& context, SizeFilter filter);

  /// Tries, in order: on one node, TP = number of GPUs, fewest GPUs first; then on several nodes,
  /// TP = GPUs per node and PP = nodes, fewest nodes first, then fewest GPUs. Of types that need
  /// the same number: less memory per GPU first.
  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>* log);

 private:
  struct Candidate {
    GpuTypeId gpu{};
    ParallelPlan plan;
    bool one_node = true;
  };
  struct Candidates {
    std::vector<Candidate> in_order;
    std::vector<PassedOver> filtered;  // sizes that hold the claim but may not be used
    std::vector<PassedOver> too_few;   // types of which there are fewer GPUs than the claim asks
    bool beyond_limits = false;        // of some type the claim asks for more than PlanLimits
  };

  const Candidates& candidates(const InternedShape& shape);
  void add_one_node(const InternedShape& shape, GpuTypeId type, int needed, Candidates& out) const;
  void add_several_nodes(const InternedShape& shape, GpuTypeId type, int needed,
                         Candidates& out) const;
  [[nodiscard]] bool usable(const InternedShape& shape, GpuTypeId type, ParallelPlan plan,
                            Candidates& out) const;
  [[nodiscard]] PassedOver too_few(GpuTypeId type, Bytes claim, std::int64_t needed,
                                   std::int64_t there) const;
  [[nodiscard]] std::string describe(const Candidate& candidate) const;

  PlacerContext context_;
  SizeFilter filter_;
  std::unordered_map<ShapeId, Candidates> candidates_;  // by gpu_shape
};

}  // namespace headroom
