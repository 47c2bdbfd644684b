#include "policies/classical/classical.hpp"

#include "policies/parts/claim_search.hpp"

#include <utility>

namespace headroom {
namespace {

class Classical final : public Placer {
 public:
  Classical(std::string name, const PlacerContext& context, std::unique_ptr<NodeChooser> chooser,
            ClassicalKinds kinds)
      : name_(std::move(name)),
        context_(context),
        chooser_(std::move(chooser)),
        several_nodes_(kinds.several_nodes) {
    if (kinds.deployments) place_deployments();
    for (std::size_t type = 0; type < context.cluster.gpu_types.size(); ++type) {
      gpu_counts_.push_back(context.cluster.gpu_count(static_cast<GpuTypeId>(type)));
    }
  }

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] bool takes(RequestKind kind) const override {
    return kind == RequestKind::opaque || heads_.has_value();
  }
  [[nodiscard]] bool reads_kinds() const override { return chooser_->reads_kinds(); }
  void arrived(const InternedShape& shape) override { chooser_->arrived(shape); }

  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>* log) override {
    const InternedShape& shape = request.shape;
    if (shape.shape.kind() == RequestKind::llm) return place_deployment(request, cluster, log);
    const int gpus = shape.shape.opaque().gpus;
    std::vector<GpuTypeId> types{GpuTypeId{}};
    if (gpus > 0) types = large_enough(shape, gpus);
    if (auto chosen = choose(request, cluster, types, gpus)) {
      return Place{{chosen->type, {}, {std::move(chosen->part)}, 0, chosen->together},
                   chooser_->why()};
    }
    if (gpus == 0 || !several_nodes_) return NotNow{"no_room"};
    return over_several_nodes(cluster, shape);
  }

 private:
  void place_deployments() {
    const EngineRules& engine = context_.plans.engine();
    heads_.emplace(context_, [&engine](const LlmDeployment& llm, ParallelPlan plan) {
      return shape_refusal(engine, llm, plan);
    });
    heads_->choose_nodes_by([this](const PlacementRequest& request, const Cluster& cluster,
                                   std::span<const GpuTypeId> types,
                                   int gpus) { return choose(request, cluster, types, gpus); });
  }

  Decision place_deployment(const PlacementRequest& request, const Cluster& cluster,
                            std::vector<PassedOver>* log) {
    Decision decision = heads_->place(request, cluster, log);
    auto* place = std::get_if<Place>(&decision);
    if (place == nullptr) return decision;
    if (place->layout.plan.pp == 1) {
      place->why += "; " + chooser_->why();
    } else {
      place->layout.together = chooser_->groups_nodes();
    }
    return decision;
  }

  // Types with a node that has so many GPUs.
  [[nodiscard]] std::vector<GpuTypeId> large_enough(const InternedShape& shape, int gpus) const {
    std::vector<GpuTypeId> out;
    for (const GpuTypeId type : shape.allowed) {
      if (gpus <= context_.cluster.largest_node(type)) out.push_back(type);
    }
    return out;
  }

  std::optional<ChosenNode> choose(const PlacementRequest& request, const Cluster& cluster,
                                   std::span<const GpuTypeId> types, int gpus) {
    asks_.clear();
    for (const GpuTypeId type : types) {
      asks_.push_back(node_ask(context_.cluster, request.shape, type, gpus));
    }
    return chooser_->choose(request, cluster, asks_);
  }

  [[nodiscard]] Decision over_several_nodes(const Cluster& cluster,
                                            const InternedShape& shape) const {
    bool possible = false;
    RoomSearch search(cluster, shape);
    for (const GpuTypeId type : shape.allowed) {
      if (shape.shape.opaque().gpus > gpu_counts_[index(type)]) continue;
      possible = true;
      // Of nodes that are large enough it takes one, and was looked for there.
      if (shape.shape.opaque().gpus <= context_.cluster.largest_node(type)) continue;
      if (auto layout = find_opaque_room(cluster, search, shape.shape.opaque(), type)) {
        layout->together = chooser_->groups_nodes();
        return Place{std::move(*layout), "larger than a node: as few nodes as can be"};
      }
    }
    if (!possible) return Never{"cluster_too_small"};
    return NotNow{"no_room"};
  }

  std::string name_;
  PlacerContext context_;
  std::unique_ptr<NodeChooser> chooser_;
  bool several_nodes_;
  std::optional<ClaimSearch> heads_;
  std::vector<std::int64_t> gpu_counts_;  // by type
  std::vector<NodeAsk> asks_;             // of the request at hand
};

ClassicalPolicy scored(std::string name, std::string description, std::string why,
                       MakeNodeScore make, bool heads_only = false) {
  return {std::move(name), std::move(description),
          [why = std::move(why), make](const PlacerContext& context, const ConfigTable& options) {
            return std::make_unique<HighestScore>(make(context, options), why);
          },
          heads_only};
}

}  // namespace

std::span<const ClassicalPolicy> classical_policies() {
  // One line per policy: name, what it does, why it took a node, its score or its own choice.
  static const std::vector<ClassicalPolicy> all = {
      scored("first-fit", "the first node, by id, with room", "first node by id with room",
             make_first_fit_score),
      scored("best-fit", "the node with the least CPU and GPUs left", "least left of the node",
             make_best_fit_score),
      scored("worst-fit", "the node with the most CPU and GPUs left: spread",
             "most left of the node", make_worst_fit_score),
      scored("dot-product", "the node whose free CPU and GPUs are least like what is asked",
             "least product of what is free and what is asked", make_dot_product_score),
      scored("gpu-packing", "GPUs in use first, then nodes in use, then idle nodes",
             "GPUs in use before nodes in use before idle nodes", make_gpu_packing_score),
      scored("gpu-clustering", "next to what takes the same number of GPUs",
             "next to what takes the same number of GPUs", make_gpu_clustering_score),
      scored("buddy", "the smallest free aligned cell that holds it: GPU, pair, node, rack",
             "smallest free aligned cell", make_buddy_score),
      scored("fgd", "where idle GPUs become least useless to typical requests (FGD)",
             "steepest descent of fragmentation", make_fgd_score),
      scored("fgd-heads", "as fgd, by what the sizes of the expected models leave over",
             "least left over of the sizes that the mix takes", make_fgd_heads_score, true),
      {"random", "any node with room", make_random_chooser},
      {"power-of-d", "the least loaded of d nodes with room, drawn at random",
       make_power_of_d_chooser},
  };
  return all;
}

std::unique_ptr<Placer> make_classical(std::string name, const PlacerContext& context,
                                       std::unique_ptr<NodeChooser> chooser, ClassicalKinds kinds) {
  return std::make_unique<Classical>(std::move(name), context, std::move(chooser), kinds);
}

}  // namespace headroom
