// gpu-clustering: what takes the same number of GPUs goes together. As Weng et al. run it against
// FGD (USENIX ATC 2023; pkg/simulator/plugin of github.com/hkust-adsl/
// kubernetes-scheduler-simulator), after Xiao et al., "Gandiva" (OSDI 2018).
//
// Kinds of requests are: a share of a GPU; n whole GPUs. With the base of a node, a quarter of 100
// for all GPUs of the largest node in use, in integers:
//
//     without GPUs                        0
//     this kind alone is on the node      base + 75
//     this kind and others are            base + 50
//     nothing with GPUs is                base + 25
//     only others are                     base

#include "policies/classical/node_score.hpp"

#include <algorithm>

namespace headroom {
namespace {

class GpuClusteringScore final : public NodeScore {
 public:
  explicit GpuClusteringScore(const ClusterSpec& spec) : measure_(spec) {}

  [[nodiscard]] bool reads_kinds() const override { return true; }

  [[nodiscard]] std::int64_t of(const Cluster&, const NodeClass& node_class,
                                const NodeAsk& ask) override {
    if (ask.gpus == 0) return 0;
    const NodeState& state = node_class.state;
    const std::int64_t most = measure_.most_gpu_milli();
    const std::int64_t base = 25 * (most - NodeMeasure::gpu_free(state)) / most;
    if (state.kinds == 0) return base + 25;
    const std::uint64_t own = kind_bit(ask.per_gpu, static_cast<std::size_t>(ask.gpus));
    if (state.kinds == own) return base + 75;
    return (state.kinds & own) != 0 ? base + 50 : base;
  }

 private:
  NodeMeasure measure_;
};

}  // namespace

std::unique_ptr<NodeScore> make_gpu_clustering_score(const PlacerContext& context,
                                                     const ConfigTable&) {
  return std::make_unique<GpuClusteringScore>(context.cluster);
}

}  // namespace headroom
