// gpu-packing: fill GPUs in use first, then idle GPUs of nodes in use, then idle nodes; in each
// case where the least is left. As Weng et al. run it against FGD (USENIX ATC 2023; pkg/simulator/
// plugin of github.com/hkust-adsl/kubernetes-scheduler-simulator), after Weng et al., "MLaaS in the
// Wild" (NSDI 2022).
//
// With f free GPUs on the node, of which k are taken:
//
//     without GPUs                          0
//     all of its GPUs are free              max(33 - f, f), at most 32
//     k > 0 free GPUs are taken             max(50 - k, 33)
//     only GPUs in use are taken            max(100 - (tenths of them that are free), 50)

//
// The 32 is ours: theirs have 8 GPUs at most, and beyond 33 an idle node would be preferred to one
// in use.

#include "policies/classical/node_score.hpp"

#include <algorithm>

namespace headroom {
namespace {

class GpuPackingScore final : public NodeScore {
 public:
  [[nodiscard]] std::int64_t of(const Cluster& cluster, const NodeClass& node_class,
                                const NodeAsk& ask) override {
    if (ask.gpus == 0) return 0;
    const auto& gpus = node_class.state.gpus;
    const std::int64_t free =
        std::count_if(gpus.begin(), gpus.end(), [](const GpuState& gpu) { return gpu.idle(); });
    if (free == std::ssize(gpus)) return std::min<std::int64_t>(std::max(33 - free, free), 32);
    std::int64_t free_taken = 0;
    std::int64_t percent_free = 0;
    for (const int device : tightest_devices(cluster, node_class, ask)) {
      const GpuState& gpu = gpus[static_cast<std::size_t>(device)];
      free_taken += gpu.idle() ? 1 : 0;
      percent_free += gpu.milli_free * 100 / kWholeGpu;
    }
    if (free_taken > 0) return std::max<std::int64_t>(50 - free_taken, 33);
    return std::max<std::int64_t>(100 - percent_free / 10, 50);
  }
};

}  // namespace

std::unique_ptr<NodeScore> make_gpu_packing_score(const PlacerContext&, const ConfigTable&) {
  return std::make_unique<GpuPackingScore>();
}

}  // namespace headroom
