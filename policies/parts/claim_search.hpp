#pragma once
// The search that naive and head-aware share: the fewest GPUs whose memory holds a claim made from
// the size of the weights alone.

#include "sim/policy/placer.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace headroom {

/// floor(1.2 x weight bytes) + 2 GiB: GPUStack's estimate for a language model
/// (gpustack policies/utils.py estimate_model_vram).
[[nodiscard]] Bytes weight_claim(const Model& model);

/// Why an engine refuses these sizes for this model by their shape alone: what head-aware asks.
[[nodiscard]] std::optional<std::string> shape_refusal(const EngineRules& engine,
                                                       const LlmDeployment& llm, ParallelPlan plan);

class ClaimSearch {
 public:
  struct OneNode {
    GpuTypeId type{};
    PlacementPart part;
    bool together = false;  // as Layout::together
  };
  /// A node with so many GPUs of one of these types free for a request; nullopt = there is none.
  using ChooseNode = std::function<std::optional<OneNode>(
      const PlacementRequest&, const Cluster&, std::span<const GpuTypeId> types, int gpus)>;
  /// Why the engine would refuse these sizes for this model, or nullopt if they may be used.
  using SizeFilter = std::function<std::optional<std::string>(const LlmDeployment&, ParallelPlan)>;

  ClaimSearch(const PlacerContext& context, SizeFilter filter);

  /// Whatever fits on one node goes where `choose` says, of all types that need as many GPUs.
  void choose_nodes_by(ChooseNode choose) { choose_ = std::move(choose); }

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
  [[nodiscard]] std::optional<Layout> room_for(const PlacementRequest& request,
                                               const Cluster& cluster, RoomSearch& search,
                                               std::span<const Candidate> same) const;
  [[nodiscard]] std::optional<Layout> chosen_room(const PlacementRequest& request,
                                                  const Cluster& cluster,
                                                  std::span<const Candidate> same) const;
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
  ChooseNode choose_;
  std::unordered_map<ShapeId, Candidates> candidates_;  // by gpu_shape
};

}  // namespace headroom
