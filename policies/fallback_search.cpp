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

/// What "best" means.
struct Preference {
  std::function<std::optional<ChosenPlan>(const PlanQuestion&)> choose;
  /// What a placement of a plan has of it, for the decision log; none where worth decides.
  std::function<std::string(const PlanQuestion&, const RankedPlan&, const Layout&)> text;
};

class FallbackSearch final : public Placer {
 public:
  FallbackSearch(std::string name, const PlacerContext& context, Preference preference,
                 bool reads_weights)
      : name_(std::move(name)),
        context_(context),
        preference_(std::move(preference)),
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
      auto chosen = plans.empty() ? std::nullopt : preference_.choose(question);
      if (log != nullptr) explain(question, chosen, degradation_text(shape, degradation), *log);
      if (!chosen) continue;
      std::string why = sentence(question, *chosen, degradation_text(shape, degradation));
      chosen->layout.degradation = degradation;
      return Place{std::move(chosen->layout), std::move(why)};
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

  [[nodiscard]] std::string sentence(const PlanQuestion& question, const ChosenPlan& chosen,
                                     const std::string& degradation) const {
    const RankedPlan& plan = question.plans[chosen.rank];
    const GpuType& gpu = context_.cluster.gpu_types[index(plan.gpu)];
    std::string out = "best valid plan with room";
    if (preference_.text) out = "preferred: " + preference_.text(question, plan, chosen.layout);
    out += fmt::format(": {} milli-tokens/s per GPU ({})", plan.per_gpu,
                       context_.plans.cost().source(gpu, *question.shape.shape.llm().model));
    if (!degradation.empty()) out += ", degraded: " + degradation;
    return out;
  }

  // What the engine refuses, then the other plans in their order.
  void explain(const PlanQuestion& question, const std::optional<ChosenPlan>& chosen,
               const std::string& degradation, std::vector<PassedOver>& log) {
    const std::size_t first = log.size();
    const auto& refused = reasons_.refused(question.shape);
    log.insert(log.end(), refused.begin(), refused.end());
    RoomSearch search(question.cluster, question.shape);
    FreeBytes free(question.cluster, question.shape);
    for (std::size_t rank = 0; rank < question.plans.size(); ++rank) {
      if (chosen && rank == chosen->rank) continue;
      log.push_back(reason_against(question, rank, chosen, search, free));
    }
    if (degradation.empty()) return;
    for (std::size_t i = first; i < log.size(); ++i) {
      log[i].what = degradation + ": " + log[i].what;
    }
  }

  // A plan behind the one chosen is worth less, unless something else than worth decides: then, and
  // before it, what counts is whether it has room, and what it has of what is preferred.
  [[nodiscard]] PassedOver reason_against(const PlanQuestion& question, std::size_t rank,
                                          const std::optional<ChosenPlan>& chosen,
                                          RoomSearch& search, FreeBytes& free) const {
    const RankedPlan& plan = question.plans[rank];
    const bool behind = chosen && rank > chosen->rank;
    if (behind && !preference_.text) return reasons_.worse(plan, question.plans[chosen->rank]);
    const auto layout = PlanSpace::find_room(search, plan);
    if (!chosen || !layout) return reasons_.no_room(free, plan);
    PassedOver out = reasons_.worse(plan, question.plans[chosen->rank]);
    out.rule = "not_preferred";
    out.why = "has room, but is not what is preferred";
    if (preference_.text) out.why = "has room, but " + preference_.text(question, plan, *layout);
    return out;
  }

  std::string name_;
  PlacerContext context_;
  Preference preference_;
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
  Preference preference;
  preference.choose = [prefer](const PlanQuestion& question) {
    return choose_plan(question, prefer);
  };
  if (prefer != Prefer::worth && prefer != Prefer::weights_on_node) {
    preference.text = [prefer](const PlanQuestion& question, const RankedPlan& /*plan*/,
                               const Layout& layout) {
      return preference_text(question.cluster, prefer, layout);
    };
  }
  return std::make_unique<FallbackSearch>("fallback-search", context, std::move(preference),
                                          prefer == Prefer::weights_on_node);
}

std::unique_ptr<Placer> make_fallback_search_mix(const PlacerContext& context,
                                                 const ConfigTable& options) {
  auto value = std::make_shared<MixValue>(context, read_expected_mix(options));
  Preference preference;
  preference.choose = [value](const PlanQuestion& question) {
    return choose_for_mix(question, *value);
  };
  preference.text = [value](const PlanQuestion& question, const RankedPlan& plan,
                            const Layout& layout) {
    return mix_text(question, *value, plan, layout);
  };
  return std::make_unique<FallbackSearch>("fallback-search-mix", context, std::move(preference),
                                          false);
}

}  // namespace headroom
