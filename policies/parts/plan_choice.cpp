#include "policies/parts/plan_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace headroom {
namespace {

std::optional<ChosenPlan> most_worth(const PlanQuestion& question, RoomSearch& search) {
  for (std::size_t rank = 0; rank < question.plans.size(); ++rank) {
    if (auto layout = PlanSpace::find_room(search, question.plans[rank])) {
      return ChosenPlan{rank, std::move(*layout)};
    }
  }
  return std::nullopt;
}

// The placement with the least cost, of equal ones the plan of most worth. Plans of one footprint
// find the same room: it is looked for once.
template <class Cost>
std::optional<ChosenPlan> least_cost(const PlanQuestion& question, RoomSearch& search, Cost cost) {
  std::set<std::tuple<GpuTypeId, ParallelPlan, bool, std::int64_t>> seen;
  std::optional<ChosenPlan> best;
  std::int64_t least = 0;
  for (std::size_t rank = 0; rank < question.plans.size(); ++rank) {
    const RankedPlan& plan = question.plans[rank];
    if (!seen.emplace(plan.gpu, plan.groups(), plan.one_node, plan.over.least).second) continue;
    auto layout = PlanSpace::find_room(search, plan);
    if (!layout) continue;
    const std::int64_t found = cost(*layout);
    if (best && found >= least) continue;
    least = found;
    best = ChosenPlan{rank, std::move(*layout)};
    if (least == 0) break;
  }
  return best;
}

std::int64_t left_idle(const Cluster& cluster, const Layout& layout) {
  std::int64_t left = 0;
  for (const PlacementPart& part : layout.parts) {
    const NodeClass& node_class = cluster.node_class(part.node_class);
    const int idle = idle_devices(cluster, node_class, layout.gpu);
    left += std::int64_t{part.nodes} * (idle - idle_taken(cluster, part));
  }
  return left;
}

std::int64_t further_nodes(const Layout& layout) {
  std::int64_t nodes = -1;
  for (const PlacementPart& part : layout.parts) nodes += part.nodes;
  return nodes;
}

std::optional<ChosenPlan> spread(const PlanQuestion& question, RoomSearch& search) {
  auto chosen = most_worth(question, search);
  if (!chosen || !question.plans[chosen->rank].one_node) return chosen;
  const RankedPlan& plan = question.plans[chosen->rank];
  const auto& buckets = question.cluster.by_idle(plan.gpu);
  // NOLINTNEXTLINE(modernize-loop-convert): clang 14 does not compile std::views::reverse
  for (auto bucket = buckets.rbegin(); bucket != buckets.rend(); ++bucket) {
    auto part = search.on_one_node(plan.gpu, plan.groups(), {plan.over.least}, bucket->first);
    if (!part) continue;
    chosen->layout.parts = {std::move(*part)};
    break;
  }
  return chosen;
}

// The classes of these nodes are looked at alone; of the one found, a node of them is named.
std::optional<ChosenPlan> where_weights_are(const PlanQuestion& question) {
  if (question.weights_on.empty()) return std::nullopt;
  RoomSearch search(question.cluster, question.shape, question.weights_on);
  for (std::size_t rank = 0; rank < question.plans.size(); ++rank) {
    const RankedPlan& plan = question.plans[rank];
    if (!plan.one_node) continue;
    auto layout = PlanSpace::find_room(search, plan);
    if (!layout) continue;
    PlacementPart& part = layout->parts.front();
    const auto node =
        std::find_if(question.weights_on.begin(), question.weights_on.end(), [&](NodeId candidate) {
          return question.cluster.class_of(candidate).id == part.node_class;
        });
    part.node = *node;
    return ChosenPlan{rank, std::move(*layout)};
  }
  return std::nullopt;
}

}  // namespace

std::span<const std::string> prefer_names() {
  static const std::array<std::string, 5> kNames{"worth", "least-stranded", "fewest-nodes",
                                                 "spread", "weights-on-node"};
  return kNames;
}

std::optional<ChosenPlan> choose_plan(const PlanQuestion& question, Prefer prefer) {
  auto first = most_worth(question, question.search);
  if (!first || prefer == Prefer::worth) return first;
  RoomSearch everywhere(question.cluster, question.shape);
  switch (prefer) {
    case Prefer::worth:
      break;
    case Prefer::least_stranded:
      return least_cost(question, everywhere,
                        [&](const Layout& layout) { return left_idle(question.cluster, layout); });
    case Prefer::fewest_nodes:
      return least_cost(question, everywhere, further_nodes);
    case Prefer::spread:
      return spread(question, everywhere);
    case Prefer::weights_on_node: {
      auto there = where_weights_are(question);
      return there ? std::move(there) : std::move(first);
    }
  }
  return first;
}

std::string preference_text(const Cluster& cluster, Prefer prefer, const Layout& layout) {
  switch (prefer) {
    case Prefer::least_stranded:
    case Prefer::spread: {
      const std::int64_t left = left_idle(cluster, layout);
      return fmt::format("leaves {} GPU{} idle on its nodes", left, left == 1 ? "" : "s");
    }
    case Prefer::fewest_nodes: {
      const std::int64_t nodes = further_nodes(layout) + 1;
      return fmt::format("takes {} node{}", nodes, nodes == 1 ? "" : "s");
    }
    case Prefer::worth:
    case Prefer::weights_on_node:
      break;
  }
  return "";
}

int idle_devices(const Cluster& cluster, const NodeClass& node_class, GpuTypeId type) {
  const auto& types = cluster.shape(node_class).gpus;
  int idle = 0;
  for (std::size_t i = 0; i < types.size(); ++i) {
    idle += types[i] == type && node_class.state.gpus[i].idle() ? 1 : 0;
  }
  return idle;
}

int idle_taken(const Cluster& cluster, const PlacementPart& part) {
  const auto& gpus = cluster.node_class(part.node_class).state.gpus;
  return static_cast<int>(std::count_if(part.devices.begin(), part.devices.end(), [&](int device) {
    return gpus[static_cast<std::size_t>(device)].idle();
  }));
}

}  // namespace headroom
