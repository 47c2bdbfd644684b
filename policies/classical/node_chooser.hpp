#pragma once
// Choosing one node for all of a request.

#include "policies/classical/node_score.hpp"
#include "policies/parts/claim_search.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace headroom {

using ChosenNode = ClaimSearch::OneNode;

class NodeChooser {
 public:
  NodeChooser() = default;
  NodeChooser(const NodeChooser&) = delete;
  NodeChooser& operator=(const NodeChooser&) = delete;
  virtual ~NodeChooser() = default;

  /// A node with room for one of the asks (the same on several GPU types), nullopt exactly where
  /// there is none; with request.freed it looks at those nodes alone.
  [[nodiscard]] virtual std::optional<ChosenNode> choose(const PlacementRequest& request,
                                                         const Cluster& cluster,
                                                         std::span<const NodeAsk> asks) = 0;
  /// Why one that was chosen was, for the decision log.
  [[nodiscard]] virtual std::string why() const = 0;
  /// As of a NodeScore.
  [[nodiscard]] virtual bool groups_nodes() const { return false; }
  [[nodiscard]] virtual bool reads_kinds() const { return false; }
  virtual void arrived(const InternedShape& /*shape*/) {}
};

/// The node with the highest score, of equals the one with the lowest id; on that, the first ask.
class HighestScore final : public NodeChooser {
 public:
  HighestScore(std::unique_ptr<NodeScore> score, std::string why)
      : score_(std::move(score)), why_(std::move(why)) {}

  [[nodiscard]] std::optional<ChosenNode> choose(const PlacementRequest& request,
                                                 const Cluster& cluster,
                                                 std::span<const NodeAsk> asks) override;
  [[nodiscard]] std::string why() const override { return why_; }
  [[nodiscard]] bool groups_nodes() const override { return score_->groups_nodes(); }
  [[nodiscard]] bool reads_kinds() const override { return score_->reads_kinds(); }
  void arrived(const InternedShape& shape) override { score_->arrived(shape); }

 private:
  // What was worked out for a class, by its slot.
  struct Known {
    std::uint32_t generation = 0;
    bool room = false;
    std::int64_t score = 0;
  };
  using Scores = std::vector<Known>;

  struct Best {
    const NodeClass* node_class = nullptr;
    const NodeAsk* ask = nullptr;
    std::int64_t score = 0;
  };

  void consider_scores(const Cluster& cluster, const NodeAsk& ask, const RoomSearch::Freed& freed,
                       Best& best);
  static void consider_first(const Cluster& cluster, const NodeAsk& ask,
                             const RoomSearch::Freed& freed, Best& best);
  Scores& scores_of(const NodeAsk& ask);
  const Known& known_of(const Cluster& cluster, const NodeClass& node_class, const NodeAsk& ask,
                        Scores& scores);

  std::unique_ptr<NodeScore> score_;
  std::string why_;
  std::map<std::tuple<ShapeId, GpuTypeId, int>, Scores> scores_;
  std::uint64_t version_ = 0;
  std::size_t kept_ = 0;  // entries of all scores
};

/// "random": any node with room, all alike, and any of its devices with room.
[[nodiscard]] std::unique_ptr<NodeChooser> make_random_chooser(const PlacerContext& context,
                                                               const ConfigTable& options);
/// "power-of-d": of d nodes with room, drawn at random, the least loaded.
[[nodiscard]] std::unique_ptr<NodeChooser> make_power_of_d_chooser(const PlacerContext& context,
                                                                   const ConfigTable& options);

}  // namespace headroom
