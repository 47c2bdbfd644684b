#include "study/fit/change_hardware.hpp"

#include "study/fit/gpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace headroom {
namespace {

using Kind = FitChange::Kind;

// GPUs of nodes that are sold.
constexpr std::array<int, 4> kPerNode{1, 2, 4, 8};
constexpr int kMostNodes = 16;
constexpr int kNodesOfOtherTypes = 8;
constexpr std::size_t kTypesShown = 3;

std::int64_t price_of(const FitChange& change) {
  const GpuType& type = change.question.gpus->cluster.gpu_types[index(change.plan.gpu)];
  return type.price_milli * change.plan.plan.gpus();
}

void cheapest_first(std::vector<FitChange>& changes) {
  std::stable_sort(changes.begin(), changes.end(), [](const FitChange& a, const FitChange& b) {
    return price_of(a) < price_of(b);
  });
}

bool try_without_others(Changer& changer) {
  const auto& nodes = changer.cluster().nodes;
  const bool held = std::any_of(nodes.begin(), nodes.end(), [](const NodeSpec& node) {
    return std::any_of(node.used.begin(), node.used.end(), [](Bytes used) { return used > 0; });
  });
  if (!held) return false;
  FitQuestion changed = changer.question();
  changed.gpus = emptied(*changed.gpus);
  return changer.offer({Kind::free_memory}, "the memory that others hold, freed", changed);
}

bool try_more_per_node(Changer& changer, const LargestNodes& there) {
  const GpuType& type = changer.cluster().gpu_types[index(there.type)];
  for (const int gpus : kPerNode) {
    if (gpus <= there.gpus) continue;
    FitQuestion changed = changer.question();
    changed.gpus = grown(type, there, gpus, there.nodes());
    const std::string what = there.nodes() == 1 ? fmt::format("{} x {} in a node", gpus, type.name)
                                                : changed.gpus->words;
    if (changer.offer({Kind::gpus_per_node}, what, changed)) return true;
  }
  return false;
}

bool try_more_nodes(Changer& changer, const LargestNodes& there) {
  const GpuType& type = changer.cluster().gpu_types[index(there.type)];
  for (int count = there.nodes() + 1; count <= kMostNodes; ++count) {
    FitQuestion changed = changer.question();
    changed.gpus = grown(type, there, there.gpus, count);
    if (changer.offer({Kind::nodes}, changed.gpus->words, changed)) return true;
  }
  return false;
}

bool try_other_types(Changer& changer, const LargestNodes& there) {
  const auto& own = changer.cluster().gpu_types;
  const int count = std::min(there.nodes(), kNodesOfOtherTypes);
  std::vector<FitChange> found;
  for (const GpuType& type : gpu_catalogue()) {
    const bool known = std::any_of(own.begin(), own.end(),
                                   [&](const GpuType& other) { return other.name == type.name; });
    if (known) continue;
    FitQuestion changed = changer.question();
    changed.gpus = equal_nodes(type, there.gpus, count);
    auto change = changer.tried({Kind::gpu_type}, changed.gpus->words, changed);
    if (change) found.push_back(std::move(*change));
  }
  cheapest_first(found);
  if (found.size() > kTypesShown) found.erase(found.begin() + kTypesShown, found.end());
  for (FitChange& change : found) changer.keep(std::move(change));
  return !found.empty();
}

}  // namespace

bool try_hardware(Changer& changer) {
  const std::vector<LargestNodes> there = largest_nodes(changer.cluster(), kMostNodes);
  bool found = try_without_others(changer);
  for (const LargestNodes& nodes : there) found = try_more_per_node(changer, nodes) || found;
  for (const LargestNodes& nodes : there) found = try_more_nodes(changer, nodes) || found;
  const auto most = std::max_element(there.begin(), there.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.gpus, a.nodes()) < std::tuple(b.gpus, b.nodes());
  });
  if (most != there.end()) found = try_other_types(changer, *most) || found;
  return found;
}

bool try_any_hardware(Changer& changer, const std::string& what,
                      const std::shared_ptr<const Model>& model) {
  struct Size {
    int gpus;
    int nodes;
  };
  constexpr std::array<Size, 7> kSizes{{{1, 1}, {2, 1}, {4, 1}, {8, 1}, {8, 2}, {8, 4}, {8, 8}}};
  std::vector<FitChange> found;
  for (const GpuType& type : gpu_catalogue()) {
    for (const Size& size : kSizes) {
      FitQuestion changed = changer.question();
      changed.model = model;
      changed.gpus = equal_nodes(type, size.gpus, size.nodes);
      std::vector<Kind> kinds{Kind::gpu_type};
      if (!what.empty()) kinds.insert(kinds.begin(), Kind::checkpoint);
      std::string words = (what.empty() ? "" : what + " on ") + changed.gpus->words;
      auto change = changer.tried(std::move(kinds), std::move(words), changed);
      if (!change) continue;
      found.push_back(std::move(*change));
      break;
    }
  }
  // Fewer nodes before less money: what spans many is hard to get and slow.
  cheapest_first(found);
  std::stable_sort(found.begin(), found.end(), [](const FitChange& a, const FitChange& b) {
    return a.plan.nodes < b.plan.nodes;
  });
  if (!found.empty()) changer.keep(std::move(found.front()));
  return !found.empty();
}

}  // namespace headroom
