// fallback-search: the best valid plan that has room, whatever it is. Every TP x PP plan the engine
// accepts, on each GPU type the request allows, on one node or several, best worth first. If a
// valid plan is free, one is found: the order ranks, it never hides.

#include "policies/builtin.hpp"

#include <fmt/format.h>

#include <unordered_map>
#include <vector>

namespace headroom {
namespace {

class FallbackSearch final : public Placer {
 public:
  explicit FallbackSearch(const PlacerContext& context) : context_(context) {}

  [[nodiscard]] std::string_view name() const override { return "fallback-search"; }
  [[nodiscard]] bool takes(RequestKind kind) const override { return kind == RequestKind::llm; }

  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>* log) override {
    const auto& plans = context_.plans.plans(request.shape);
    if (log != nullptr) *log = refused_sizes(request.shape);
    if (plans.empty()) return Never{"no_valid_plan"};
    RoomSearch search(cluster, request.shape, request.freed);
    if (log == nullptr && search.hopeless(request.shape.allowed)) return NotNow{"no_room"};
    for (const RankedPlan& plan : plans) {
      if (auto layout = PlanSpace::find_room(search, plan)) {
        return Place{std::move(*layout),
                     fmt::format("best valid plan with room: {} milli-tokens/s per GPU ({})",
                                 plan.per_gpu, context_.plans.cost().source())};
      }
      if (log != nullptr) log->push_back({describe(plan), "no room now"});
    }
    return NotNow{"no_room"};
  }

 private:
  // Sizes on one node that the engine refuses, each with its rule: what a person asks first.
  const std::vector<PassedOver>& refused_sizes(const InternedShape& shape) {
    const auto found = refused_sizes_.find(shape.gpu_shape);
    if (found != refused_sizes_.end()) return found->second;
    const LlmDeployment& llm = shape.shape.llm();
    const EngineRules& engine = context_.plans.engine();
    std::vector<PassedOver> out;
    for (const GpuTypeId type : shape.allowed) {
      const GpuType& gpu = context_.cluster.gpu_types[index(type)];
      for (int tp = 1; tp <= context_.cluster.largest_node(type); ++tp) {
        if (!llm.allows_tp(tp)) continue;
        const auto verdict = engine.check(*llm.model, {tp, 1}, gpu, llm.limits);
        if (verdict.accepted) continue;
        out.push_back({fmt::format("TP {} on one node of {}", tp, gpu.name),
                       verdict.refusal.rule + ": " + verdict.refusal.sentence});
      }
    }
    return refused_sizes_.emplace(shape.gpu_shape, std::move(out)).first->second;
  }

  [[nodiscard]] std::string describe(const RankedPlan& plan) const {
    std::string text = fmt::format("TP {} x PP {} on {} of {}", plan.plan.tp, plan.plan.pp,
                                   plan.one_node ? "one node" : "several nodes",
                                   context_.cluster.gpu_types[index(plan.gpu)].name);
    if (plan.over.least > 0) {
      text += fmt::format(" over {:.4g} GB/s", static_cast<double>(plan.over.least) / 1e9);
    }
    return text;
  }

  PlacerContext context_;
  std::unordered_map<ShapeId, std::vector<PassedOver>> refused_sizes_;  // by gpu_shape
};

}  // namespace

std::unique_ptr<Placer> make_fallback_search(const PlacerContext& context, const ConfigTable&) {
  return std::make_unique<FallbackSearch>(context);
}

}  // namespace headroom
