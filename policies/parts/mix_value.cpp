#include "policies/parts/mix_value.hpp"

#include "sim/core/int128.hpp"
#include "sim/plan/holding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

// The parts of one choice, for all plans of a question.
class MixChoice {
 public:
  MixChoice(const PlanQuestion& question, MixValue& value)
      : question_(question), value_(value), search_(question.cluster, question.shape) {}

  [[nodiscard]] std::optional<ChosenPlan> best() {
    for (std::size_t rank = 0; rank < question_.plans.size(); ++rank) {
      const RankedPlan& plan = question_.plans[rank];
      const std::int64_t gain = value_.gain(question_.shape, plan, question_.plans.front());
      if (best_ && gain <= score_) continue;  // nothing is lost at best
      if (plan.one_node && !question_.shape.shape.llm().shared) {
        try_each_idle(rank, gain);
      } else if (auto layout = PlanSpace::find_room(search_, plan)) {
        const std::int64_t lost = value_.loss(question_.cluster, question_.shape, *layout);
        keep(rank, std::move(*layout), gain - lost);
      }
    }
    return std::move(best_);
  }

 private:
  void keep(std::size_t rank, Layout layout, std::int64_t score) {
    if (best_ && score <= score_) return;
    score_ = score;
    best_ = ChosenPlan{rank, std::move(layout)};
  }

  // Nodes with fewer idle GPUs first: of equal losses they stay.
  void try_each_idle(std::size_t rank, std::int64_t gain) {
    const RankedPlan& plan = question_.plans[rank];
    const auto& left = value_.of_idle(question_.shape, plan.gpu);
    const int gpus = plan.plan.gpus();
    const auto& buckets = question_.cluster.by_idle(plan.gpu);
    for (auto bucket = buckets.lower_bound(gpus); bucket != buckets.end(); ++bucket) {
      const auto idle = static_cast<std::size_t>(bucket->first);
      const std::int64_t lost = left[idle] - left[idle - static_cast<std::size_t>(gpus)];
      if (best_ && gain - lost <= score_) continue;
      auto part = search_.on_one_node(plan.gpu, plan.groups(), {plan.over.least}, bucket->first);
      if (part) keep(rank, Layout{plan.gpu, plan.plan, {std::move(*part)}}, gain - lost);
    }
  }

  const PlanQuestion& question_;
  MixValue& value_;
  RoomSearch search_;
  std::optional<ChosenPlan> best_;
  std::int64_t score_ = 0;
};

}  // namespace

MixValue::MixValue(const PlacerContext& context, std::vector<ExpectedShape> expected)
    : context_(context),
      expected_(std::move(expected)),
      plans_(context.cluster, context.plans.engine(), context.plans.cost(), context.plans.limits()),
      shapes_(context.cluster) {}

std::int64_t MixValue::gain(const InternedShape& shape, const RankedPlan& plan,
                            const RankedPlan& best) const {
  const GpuType& gpu = context_.cluster.gpu_types[index(best.gpu)];
  const int milli = gpu_holding(shape.shape, gpu.memory).milli;
  const std::int64_t price = mul_div_floor(gpu.price_milli * best.plan.gpus(), milli, kWholeGpu);
  return mul_div_floor(price, std::min(plan.worth, best.worth), best.worth);
}

std::int64_t MixValue::loss(const Cluster& cluster, const InternedShape& shape,
                            const Layout& layout) {
  const auto& left = of_idle(shape, layout.gpu);
  std::int64_t lost = 0;
  for (const PlacementPart& part : layout.parts) {
    const int idle = idle_devices(cluster, cluster.node_class(part.node_class), layout.gpu);
    const int after = idle - idle_taken(cluster, part);
    lost +=
        part.nodes * (left[static_cast<std::size_t>(idle)] - left[static_cast<std::size_t>(after)]);
  }
  return lost;
}

const std::vector<std::int64_t>& MixValue::of_idle(const InternedShape& shape, GpuTypeId type) {
  if (expected_.empty()) {
    const auto key = std::pair(shape.gpu_shape, type);
    const auto known = of_own_.find(key);
    if (known != of_own_.end()) return known->second;
    return of_own_.emplace(key, capacity(context_.plans, shape, type)).first->second;
  }
  const auto known = by_type_.find(type);
  if (known != by_type_.end()) return known->second;
  return by_type_.emplace(type, expected_capacity(type)).first->second;
}

std::vector<std::int64_t> MixValue::capacity(PlanSpace& plans, const InternedShape& shape,
                                             GpuTypeId type) const {
  const auto size = static_cast<std::size_t>(context_.cluster.largest_node(type)) + 1;
  const std::vector<RankedPlan>& ranked = plans.plans(shape);
  std::vector<std::int64_t> of_plan(size, 0);  // the best gain of a plan with so many GPUs
  for (const RankedPlan& plan : ranked) {
    if (plan.gpu != type || !plan.one_node) continue;
    auto& best = of_plan[static_cast<std::size_t>(plan.plan.gpus())];
    best = std::max(best, gain(shape, plan, ranked.front()));
  }
  if (shape.shape.llm().shared && size > 1) {
    const Bytes memory = context_.cluster.gpu_types[index(type)].memory;
    of_plan[1] *= kWholeGpu / gpu_holding(shape.shape, memory).milli;
  }
  std::vector<std::int64_t> out(size, 0);
  for (std::size_t idle = 1; idle < size; ++idle) {
    out[idle] = out[idle - 1];
    for (std::size_t gpus = 1; gpus <= idle; ++gpus) {
      out[idle] = std::max(out[idle], of_plan[gpus] + out[idle - gpus]);
    }
  }
  return out;
}

std::vector<std::int64_t> MixValue::expected_capacity(GpuTypeId type) {
  const auto size = static_cast<std::size_t>(context_.cluster.largest_node(type)) + 1;
  std::vector<Int128> sums(size, 0);
  Int128 weights = 0;
  for (const ExpectedShape& expected : expected_) {
    const auto one = capacity(plans_, shapes_.intern(expected.shape), type);
    for (std::size_t idle = 0; idle < size; ++idle) {
      sums[idle] += static_cast<Int128>(expected.weight) * one[idle];
    }
    weights += expected.weight;
  }
  std::vector<std::int64_t> out;
  out.reserve(size);
  for (const Int128 sum : sums) out.push_back(static_cast<std::int64_t>(sum / weights));
  return out;
}

std::optional<ChosenPlan> choose_for_mix(const PlanQuestion& question, MixValue& value) {
  const bool room =
      std::any_of(question.plans.begin(), question.plans.end(), [&](const RankedPlan& plan) {
        return PlanSpace::find_room(question.search, plan).has_value();
      });
  if (!room) return std::nullopt;
  return MixChoice(question, value).best();
}

std::string mix_text(const PlanQuestion& question, MixValue& value, const RankedPlan& plan,
                     const Layout& layout) {
  const std::int64_t gain = value.gain(question.shape, plan, question.plans.front());
  const std::int64_t lost = value.loss(question.cluster, question.shape, layout);
  return fmt::format("gains {:.3f} and takes {:.3f} from the mix", static_cast<double>(gain) / 1e3,
                     static_cast<double>(lost) / 1e3);
}

}  // namespace headroom
