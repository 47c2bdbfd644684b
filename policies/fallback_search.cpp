// fallback-search: the best valid plan that has room, whatever it is. Every plan the engine
// accepts, on each GPU type the request allows, on one node or several, best first; then, where the
// request allows degradations, the same under each of them in its order. If a valid plan is free,
// one is found: the order ranks, it never hides.
//
// Options (scenario table [policy.fallback-search]):
//   prefer = "worth" | "least-stranded" | "fewest-nodes" | "spread" | "weights-on-node"
//     what "best" means: policies/parts/plan_choice.hpp
//
// fallback-search-mix: as fallback-search, but of all placements with room the one whose gain is
// most above what it takes from the deployments that are still to come:
//
//     score = gain(plan) - (V before - V after) of the idle GPUs of its nodes
//
// with the formulas of policies/parts/mix_value.hpp. Options ([policy.fallback-search-mix]):
//   mix = "FILE"      what comes: a mix file, as in examples/mixes
//   [[expected]]      the same in place: model, weight, context, sequences, utilisation, shared
// Without either, more of the same is expected.

#include "policies/builtin.hpp"
#include "policies/parts/mix_value.hpp"
#include "policies/parts/plan_choice.hpp"
#include "policies/parts/plan_reasons.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace headroom {
namespace {

class FallbackSearch final : public Placer {
 public:
  using Choose = std::function<std::optional<ChosenPlan>(const PlanQuestion&)>;

  FallbackSearch(std::string name, const PlacerContext& context, Choose choose, bool reads_weights)
      : name_(std::move(name)),
        context_(context),
        choose_(std::move(choose)),
        reasons_(context),
        reads_weights_(reads_weights) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] bool takes(RequestKind kind) const override { return kind == RequestKind::llm; }
  [[nodiscard]] bool reads_weights() const override { return reads_weights_; }

  [[nodiscard]] Decision place(const PlacementRequest& request, const Cluster& cluster,
                               std::vector<PassedOver>* log) override {
    const InternedShape& shape = request.shape;
    RoomSearch search(cluster, shape, request.freed);
    if (log == nullptr && can_ever(shape) && search.hopeless(shape.allowed)) {
      return NotNow{"no_room"};
    }
    for (int degradation = 0; degradation <= std::ssize(shape.degraded); ++degradation) {
      const InternedShape& served = shape.served(degradation);
      const auto& plans = context_.plans.plans(served);
      PlanQuestion question{cluster, served, plans, search};
      if (has_weights_asked_for(shape, degradation)) question.weights_on = request.weights_on;
      auto chosen = plans.empty() ? std::nullopt : choose_(question);
      if (log != nullptr) explain(question, chosen, degradation_text(shape, degradation), *log);
      if (!chosen) continue;
      chosen->layout.degradation = degradation;
      return Place{std::move(chosen->layout),
                   sentence(plans[chosen->rank], degradation_text(shape, degradation))};
    }
    if (!can_ever(shape)) return Never{"no_valid_plan"};
    return NotNow{"no_room"};
  }

 private:
  [[nodiscard]] bool can_ever(const InternedShape& shape) {
    if (!context_.plans.plans(shape).empty()) return true;
    return std::any_of(
        shape.degraded.begin(), shape.degraded.end(),
        [&](const InternedShape* other) { return !context_.plans.plans(*other).empty(); });
  }

  static bool has_weights_asked_for(const InternedShape& shape, int degradation) {
    return shape.served(degradation).shape.llm().model == shape.shape.llm().model;
  }

  static std::string degradation_text(const InternedShape& shape, int degradation) {
    if (degradation == 0) return "";
    return to_text(shape.shape.llm().degradations[static_cast<std::size_t>(degradation) - 1]);
  }

  [[nodiscard]] std::string sentence(const RankedPlan& plan, const std::string& degradation) const {
    std::string out = fmt::format("best valid plan with room: {} milli-tokens/s per GPU ({})",
                                  plan.per_gpu, context_.plans.cost().source());
    if (!degradation.empty()) out += ", degraded: " + degradation;
    return out;
  }

  // What the engine refuses; the plans before the one chosen, which had no room (or were not
  // preferred); those behind it.
  void explain(const PlanQuestion& question, const std::optional<ChosenPlan>& chosen,
               const std::string& degradation, std::vector<PassedOver>& log) {
    const std::size_t first = log.size();
    const auto& refused = reasons_.refused(question.shape);
    log.insert(log.end(), refused.begin(), refused.end());
    RoomSearch search(question.cluster, question.shape);
    const std::size_t rank = chosen ? chosen->rank : question.plans.size();
    for (std::size_t i = 0; i < question.plans.size(); ++i) {
      if (i == rank) continue;
      const RankedPlan& plan = question.plans[i];
      if (i > rank) {
        log.push_back(reasons_.worse(plan, question.plans[rank]));
      } else if (PlanSpace::find_room(search, plan)) {
        log.push_back(
            {reasons_.describe(plan), "has room, but is not what is preferred", "not_preferred"});
      } else {
        log.push_back(reasons_.no_room(question.cluster, question.shape, plan));
      }
    }
    if (degradation.empty()) return;
    for (std::size_t i = first; i < log.size(); ++i) {
      log[i].what = degradation + ": " + log[i].what;
    }
  }

  std::string name_;
  PlacerContext context_;
  Choose choose_;
  PlanReasons reasons_;
  bool reads_weights_;
};

}  // namespace

std::unique_ptr<Placer> make_fallback_search(const PlacerContext& context,
                                             const ConfigTable& options) {
  const auto names = prefer_names();
  const std::string name = options.choice_or("prefer", names, names[0]);
  const auto prefer =
      static_cast<Prefer>(std::find(names.begin(), names.end(), name) - names.begin());
  const auto choose = [prefer](const PlanQuestion& question) {
    return choose_plan(question, prefer);
  };
  return std::make_unique<FallbackSearch>("fallback-search", context, choose,
                                          prefer == Prefer::weights_on_node);
}

std::unique_ptr<Placer> make_fallback_search_mix(const PlacerContext& context,
                                                 const ConfigTable& options) {
  auto value = std::make_shared<MixValue>(context, read_expected_mix(options));
  const auto choose = [value](const PlanQuestion& question) {
    return choose_for_mix(question, *value);
  };
  return std::make_unique<FallbackSearch>("fallback-search-mix", context, choose, false);
}

}  // namespace headroom
