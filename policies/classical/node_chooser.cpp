#include "policies/classical/node_chooser.hpp"

namespace headroom {
namespace {

// Beyond so many known scores (16 bytes each) all are forgotten.
constexpr std::size_t kMostKept = 4'000'000;

}  // namespace

HighestScore::Scores& HighestScore::scores_of(const NodeAsk& ask) {
  if (score_->version() != version_ || kept_ > kMostKept) {
    version_ = score_->version();
    scores_.clear();
    kept_ = 0;
  }
  return scores_[{ask.shape, ask.type, ask.gpus}];
}

const HighestScore::Known& HighestScore::known_of(const Cluster& cluster,
                                                  const NodeClass& node_class, const NodeAsk& ask,
                                                  Scores& scores) {
  const std::size_t slot = node_class.id.slot;
  if (slot >= scores.size()) {
    kept_ += slot + 1 - scores.size();
    scores.resize(slot + 1);
  }
  Known& known = scores[slot];
  if (known.generation != node_class.id.generation) {
    known = {node_class.id.generation, has_room(cluster, node_class, ask), 0};
    if (known.room) known.score = score_->of(cluster, node_class, ask);
  }
  return known;
}

std::optional<ChosenNode> HighestScore::choose(const PlacementRequest& request,
                                               const Cluster& cluster,
                                               std::span<const NodeAsk> asks) {
  const NodeClass* best = nullptr;
  const NodeAsk* best_ask = nullptr;
  std::int64_t best_score = 0;
  for (const NodeAsk& ask : asks) {
    Scores& scores = scores_of(ask);
    for_each_candidate(cluster, ask, request.freed, [&](const NodeClass& node_class) {
      const Known& known = known_of(cluster, node_class, ask, scores);
      if (!known.room || (best != nullptr && known.score < best_score)) return;
      const bool better = best == nullptr || known.score > best_score;
      if (!better && best->first_node() <= node_class.first_node()) return;
      best = &node_class;
      best_ask = &ask;
      best_score = known.score;
    });
  }
  if (best == nullptr) return std::nullopt;
  return ChosenNode{best_ask->type,
                    {best->id, score_->devices(cluster, *best, *best_ask)},
                    score_->together(cluster, *best, *best_ask)};
}

}  // namespace headroom
