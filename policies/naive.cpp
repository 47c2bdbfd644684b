// naive: the fewest GPUs of one type whose memory holds the claim, TP = that number. It knows
// nothing of the model but the size of its weights: the idea of GPUStack before its first check of
// attention heads (gpustack commit 1de3ec43, 2024-12-31).

#include "policies/builtin.hpp"
#include "policies/parts/claim_search.hpp"

namespace headroom {
namespace {

class Naive final : public Placer {
 public:
  explicit Naive(const PlacerContext& context)
      : search_(context, [](const LlmDeployment&, ParallelPlan) { return std::nullopt; }) {}

  [[nodiscard]] std::string_view name() const override { return "naive"; }
  [[nodiscard]] bool takes(RequestKind kind) const override { return kind == RequestKind::llm; }
  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>* log) override {
    return search_.place(request, cluster, log);
  }

 private:
  ClaimSearch search_;
};

}  // namespace

std::unique_ptr<Placer> make_naive(const PlacerContext& context, const ConfigTable&) {
  return std::make_unique<Naive>(context);
}

}  // namespace headroom
