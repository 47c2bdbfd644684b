#include "study/fit/plans.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace headroom {
namespace {

constexpr int kMostTp = 64;  // GPUs of the largest node there can be

void add_remarks(const std::vector<Remark>& from, std::vector<Remark>& to) {
  for (const Remark& remark : from) {
    const bool known = std::any_of(to.begin(), to.end(), [&](const Remark& r) {
      return r.rule == remark.rule && r.sentence == remark.sentence;
    });
    if (!known) to.push_back(remark);
  }
}

int nodes_in(const Layout& layout) {
  return std::accumulate(layout.parts.begin(), layout.parts.end(), 0,
                         [](int sum, const PlacementPart& part) { return sum + part.nodes; });
}

/// Sets room and nodes: on one node if any has it free, else on several; over the best links that
/// there are. Returns those links.
GroupLinks find_place(const InternedShape& shape, PlanSpace& space, FitPlan& out) {
  RoomSearch search(space.empty_cluster(), shape);
  out.nodes = 1;
  for (const bool one_node : {true, false}) {
    const ParallelPlan groups{out.plan.tp, out.plan.groups()};
    if (!one_node && groups.pp == 1) break;
    for (const LinkChoice& over : space.links().choices(out.gpu, groups, one_node)) {
      const auto layout = PlanSpace::find_room(search, {out.gpu, out.plan, one_node, over});
      if (!layout) continue;
      out.nodes = nodes_in(*layout);
      return over.links;
    }
  }
  out.room = false;
  return plain_links(space.cluster().gpu_types[index(out.gpu)], true);
}

}  // namespace

std::vector<int> allowed_sizes(const FitQuestion& question) {
  if (!question.max_tp) return question.allowed_tp;
  std::vector<int> out;
  for (int tp = 1; tp <= std::min(*question.max_tp, kMostTp); ++tp) {
    const auto& allowed = question.allowed_tp;
    if (allowed.empty() || std::binary_search(allowed.begin(), allowed.end(), tp)) {
      out.push_back(tp);
    }
  }
  // An empty list would allow all.
  if (out.empty()) out.push_back(question.allowed_tp.front());
  return out;
}

Result<std::unique_ptr<FitGround>> FitGround::make(const FitQuestion& question) {
  std::unique_ptr<FitGround> ground(new FitGround);
  ground->gpus_ = question.gpus;
  HEADROOM_TRY(ground->engine_, make_engine(question.engine, question.overheads));
  ground->cost_ = make_cost(question.cost, question.engine);
  PlanLimits limits;
  limits.max_pp = std::min(question.max_pp, limits.max_gpus);
  limits.max_dp = question.max_dp;
  ground->plans_ =
      std::make_unique<PlanSpace>(ground->cluster(), *ground->engine_, *ground->cost_, limits);
  ground->shapes_ = std::make_unique<ShapeTable>(ground->cluster());
  return ground;
}

const InternedShape& FitGround::intern(const FitQuestion& question) {
  RequestShape shape;
  shape.what = LlmDeployment{question.model, question.limits, false, allowed_sizes(question)};
  return shapes_->intern(shape);
}

FitShapes fit_shapes(const FitQuestion& question, const EngineRules& engine) {
  FitShapes out;
  for (int tp = 1; tp <= question.max_tp.value_or(kShapeTp); ++tp) {
    const EngineVerdict verdict = engine.check_shape(*question.model, {tp, 1});
    if (verdict.accepted) {
      out.accepted.push_back(tp);
      add_remarks(verdict.remarks, out.remarks);
    } else {
      out.refused.push_back({tp, verdict.refusal.rule, verdict.refusal.sentence});
    }
  }
  return out;
}

FitPlan fit_plan(const FitQuestion& question, FitGround& ground, GpuTypeId gpu, ParallelPlan plan) {
  const GpuType& type = ground.cluster().gpu_types[index(gpu)];
  FitPlan out;
  out.gpu = gpu;
  out.plan = plan;
  out.verdict = ground.engine().check(*question.model, plan, type, question.limits);
  out.utilisation_ppm = ground.engine().utilisation(*question.model, plan, type, question.limits);
  out.links = find_place(ground.intern(question), ground.plans(), out);
  if (out.verdict.accepted) add_speed(question, ground, out);
  return out;
}

Start start_of(const FitQuestion& question, const FitPlan& plan) {
  Start start{plan.plan, question.limits, plan.verdict.full_sequences, plan.nodes, {}};
  for (const StageMemory& stage : plan.verdict.stages) start.layers.push_back(stage.layers);
  return start;
}

void add_speed(const FitQuestion& question, const FitGround& ground, FitPlan& plan) {
  const GpuType& type = ground.cluster().gpu_types[index(plan.gpu)];
  const ServingLimits limits =
      limits_at_load(ground.engine(), *question.model, plan.plan, type, question.limits);
  std::int64_t longest = 0;
  for (const StageMemory& stage : plan.verdict.stages) longest = std::max(longest, stage.layers);
  const CostQuery query{*question.model, limits, type, plan.plan, plan.links, longest};
  plan.load_sequences = limits.sequences;
  const PlanValue value = ground.cost().value(query);
  plan.tokens_per_s = value.milli_tokens_per_s;
  plan.worth = value.worth;
  plan.speed_source = ground.cost().source(type, *question.model);
}

namespace {

// A size as the engine splits its layers, refused or not; and where that leaves a stage too little
// memory, split otherwise.
void add_rows(const FitQuestion& question, FitGround& ground, GpuTypeId type, ParallelPlan plan,
              std::vector<FitPlan>& out) {
  out.push_back(fit_plan(question, ground, type, plan));
  if (!may_balance(ground.engine(), plan, out.back().verdict)) return;
  plan.balanced = true;
  FitPlan balanced = fit_plan(question, ground, type, plan);
  if (balanced.verdict.accepted) out.push_back(std::move(balanced));
}

// Experts whole on their GPUs, and replicas of the attention around them: where the engine has
// them.
void add_expert_rows(const FitQuestion& question, FitGround& ground, GpuTypeId type,
                     ParallelPlan sizes, std::int64_t most_gpus, std::vector<FitPlan>& out) {
  if (sizes.tp > 1) {
    sizes.ep = true;
    add_rows(question, ground, type, sizes, out);
  }
  for (int dp = 2; dp <= ground.plans().limits().max_dp; dp *= 2) {
    for (const bool ep : {false, true}) {
      const ParallelPlan plan{sizes.tp, sizes.pp, dp, ep};
      if (plan.gpus() > most_gpus) return;
      const auto shape = ground.engine().check_shape(*question.model, plan, question.limits);
      if (shape.accepted) add_rows(question, ground, type, plan, out);
    }
  }
}

}  // namespace

std::vector<FitPlan> fit_plans(const FitQuestion& question, FitGround& ground) {
  const ClusterSpec& cluster = ground.cluster();
  const PlanLimits& limits = ground.plans().limits();
  const LlmDeployment& llm = ground.intern(question).shape.llm();
  std::vector<FitPlan> out;
  for (std::size_t t = 0; t < cluster.gpu_types.size(); ++t) {
    const auto type = static_cast<GpuTypeId>(t);
    const std::int64_t there = std::min<std::int64_t>(cluster.gpu_count(type), limits.max_gpus);
    for (int tp = 1; tp <= cluster.largest_node(type); ++tp) {
      if (!llm.allows_tp(tp)) continue;
      for (int pp = 1; pp <= limits.max_pp && std::int64_t{tp} * pp <= there; ++pp) {
        add_rows(question, ground, type, {tp, pp}, out);
        if (!question.model->text.has_experts()) continue;
        add_expert_rows(question, ground, type, {tp, pp}, there, out);
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const FitPlan& a, const FitPlan& b) {
    const auto key = [](const FitPlan& p) {
      return std::tuple(p.gpu, p.plan.gpus(), p.plan.pp, p.plan.dp, p.plan.ep, p.plan.balanced);
    };
    return key(a) < key(b);
  });
  return out;
}

std::optional<std::size_t> recommend(std::span<const FitPlan> plans, std::int64_t sequences) {
  const auto key = [&](std::size_t i) {
    const FitPlan& p = plans[i];
    const std::int64_t held = std::min(p.full_sequences(), sequences);
    // Where none holds one, the longest that it does hold.
    const std::int64_t longest = held == 0 ? p.verdict.longest_context : 0;
    return std::tuple(-held, -longest, p.nodes > 1, -p.worth, p.nodes, p.plan.gpus(), p.plan.pp,
                      p.plan.dp, p.plan.ep, i);
  };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (plans[i].starts() && (!best || key(i) < key(*best))) best = i;
  }
  return best;
}

}  // namespace headroom
