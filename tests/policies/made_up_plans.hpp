#pragma once
// An engine that accepts the plans it is given, by model, and a cost model that says what they are
// worth: for cases that are worked out by hand.

#include "policies/registry.hpp"
#include "tests/fixtures.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace headroom::test {

/// Worth (milli-tokens/s per GPU and price unit) of each plan, by model name; "" = of any model.
using Worths = std::map<std::string, std::map<ParallelPlan, std::int64_t>>;

class MadeUpRules final : public EngineRules {
 public:
  explicit MadeUpRules(Worths worths) : worths_(std::move(worths)) {}
  [[nodiscard]] std::string_view name() const override { return "made-up"; }
  using EngineRules::check_shape;
  [[nodiscard]] EngineVerdict check_shape(const Model& model, ParallelPlan plan,
                                          const ServingLimits&) const override {
    EngineVerdict verdict;
    const auto own = worths_.find(model.name);
    const auto& plans = own == worths_.end() ? worths_.at("") : own->second;
    verdict.accepted = plans.contains(plan);
    if (!verdict.accepted) verdict.refusal.rule = "made-up.sizes";
    verdict.full_sequences = 1'000;
    return verdict;
  }
  [[nodiscard]] EngineVerdict check(const Model& model, ParallelPlan plan, const GpuType&,
                                    const ServingLimits& limits) const override {
    return check_shape(model, plan, limits);
  }
  [[nodiscard]] std::string command(const Model&, const Start&) const override { return ""; }
  [[nodiscard]] std::span<const RuleInfo> rules() const override { return {}; }

 private:
  Worths worths_;
};

class MadeUpCost final : public CostModel {
 public:
  explicit MadeUpCost(Worths worths) : worths_(std::move(worths)) {}
  [[nodiscard]] std::string_view name() const override { return "made up"; }
  [[nodiscard]] std::string source(const GpuType& /*gpu*/, const Model& /*model*/) const override {
    return "made up";
  }
  [[nodiscard]] std::int64_t milli_tokens_per_s(const CostQuery& query) const override {
    const auto own = worths_.find(query.model.name);
    const auto& plans = own == worths_.end() ? worths_.at("") : own->second;
    return plans.at(query.plan) * query.plan.gpus();
  }

 private:
  Worths worths_;
};

/// A world of GPUs of type "small" (price 1) with these plans.
struct MadeUp {
  MadeUp(const std::vector<Group>& groups, const std::map<ParallelPlan, std::int64_t>& worths)
      : MadeUp(groups, Worths{{"", worths}}) {}
  MadeUp(const std::vector<Group>& groups, const Worths& worths)
      : world(cluster_of(groups, {own_gpu("small", 10 * kGiB)}),
              std::make_unique<MadeUpRules>(worths), std::make_unique<MadeUpCost>(worths)) {}

  [[nodiscard]] static Request request(std::string_view model = "qwen3-4b") {
    return llm_request("r", model);
  }

  World world;
};

}  // namespace headroom::test
