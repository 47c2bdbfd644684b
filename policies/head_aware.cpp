// head-aware: as naive, but only the sizes that the engine's shape rules accept for this model.
//
// Options (scenario table [policy.head-aware]):
//   head_keys = "all" | "root"      where the policy looks for the number of heads: everywhere, or
//                                   only at the root of config.json and in llm_config
//   unknown_heads = "refuse" | "pass"  what it does with a model whose heads it cannot find there
// "root" with "pass" is GPUStack 0.6, whose check was skipped for gemma-3 (heads in text_config).

#include "policies/builtin.hpp"
#include "policies/parts/claim_search.hpp"

#include <array>

namespace headroom {
namespace {

struct HeadAwareOptions {
  bool root_only = false;
  bool pass_unknown = false;
};

class HeadAware final : public Placer {
 public:
  HeadAware(const PlacerContext& context, HeadAwareOptions options)
      : engine_(context.plans.engine()),
        options_(options),
        search_(context,
                [this](const LlmDeployment& llm, ParallelPlan plan) { return check(llm, plan); }) {}

  [[nodiscard]] std::string_view name() const override { return "head-aware"; }
  [[nodiscard]] bool takes(RequestKind kind) const override { return kind == RequestKind::llm; }
  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>* log) override {
    return search_.place(request, cluster, log);
  }

 private:
  [[nodiscard]] std::optional<std::string> check(const LlmDeployment& llm,
                                                 ParallelPlan plan) const {
    const std::string& section = llm.model->heads_section;
    const bool found = !options_.root_only || section.empty() || section == "llm_config";
    if (!found) {
      if (options_.pass_unknown) return std::nullopt;
      return "number of attention heads not found at the root of config.json or in llm_config";
    }
    return shape_refusal(engine_, llm, plan);
  }

  const EngineRules& engine_;
  HeadAwareOptions options_;
  ClaimSearch search_;
};

}  // namespace

std::unique_ptr<Placer> make_head_aware(const PlacerContext& context, const ConfigTable& options) {
  static const std::array<std::string, 2> keys = {"all", "root"};
  static const std::array<std::string, 2> unknown = {"refuse", "pass"};
  HeadAwareOptions parsed;
  parsed.root_only = options.choice_or("head_keys", keys, "all") == "root";
  parsed.pass_unknown = options.choice_or("unknown_heads", unknown, "refuse") == "pass";
  return std::make_unique<HeadAware>(context, parsed);
}

}  // namespace headroom
