#include "policies/classical/node_chooser.hpp"

namespace headroom {
namespace {

// Beyond so many known scores (16 bytes each) all are forgotten.
constexpr std::size_t kMostKept = 3'000'000;

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

void HighestScore::consider_scores(const Cluster& cluster, const NodeAsk& ask,
                                   const RoomSearch::Freed& freed, Best& best) {
  Scores& scores = scores_of(ask);
  for_each_candidate(cluster, ask, freed, [&](const NodeClass& node_class) {
    const Known& known = known_of(cluster, node_class, ask, scores);
    if (!known.room || (best.node_class != nullptr && known.score < best.score)) return;
    const bool better = best.node_class == nullptr || known.score > best.score;
    if (!better && best.node_class->first_node() <= node_class.first_node()) return;
    best = {&node_class, &ask, known.score};
  });
}

void HighestScore::consider_first(const Cluster& cluster, const NodeAsk& ask,
                                  const RoomSearch::Freed& freed, Best& best) {
  for_each_candidate(cluster, ask, freed, [&](const NodeClass& node_class) {
    const bool later =
        best.node_class != nullptr && best.node_class->first_node() <= node_class.first_node();
    if (!later && has_room(cluster, node_class, ask)) best = {&node_class, &ask, 0};
  });
}

std::optional<ChosenNode> HighestScore::choose(const PlacementRequest& request,
                                               const Cluster& cluster,
                                               std::span<const NodeAsk> asks) {
  Best best;
  for (const NodeAsk& ask : asks) {
    if (score_->constant()) {
      consider_first(cluster, ask, request.freed, best);
    } else {
      consider_scores(cluster, ask, request.freed, best);
    }
  }
  if (best.node_class == nullptr) return std::nullopt;
  return ChosenNode{best.ask->type,
                    {best.node_class->id, score_->devices(cluster, *best.node_class, *best.ask)},
                    score_->together(cluster, *best.node_class, *best.ask)};
}

}  // namespace headroom
