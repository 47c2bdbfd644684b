// random and power-of-d: nodes drawn by lot. Each request draws from a stream of its own, so that
// what one draws does not depend on how often others were tried; asked again, it draws the same.
//
// power-of-d: the least loaded is the one that worst-fit prefers, of equals the first drawn. M.
// Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001.

#include "policies/classical/node_chooser.hpp"
#include "sim/core/random.hpp"

#include <boost/random/uniform_int_distribution.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace headroom {
namespace {

// So many nodes are drawn and asked whether they have room, before those that have are listed.
constexpr int kBlindDraws = 32;

class Draw {
 public:
  Draw(std::uint64_t seed, std::string_view purpose, RequestId request)
      : random_(random_stream(seed, purpose, index(request))) {}
  /// From 0 to below `end`, all alike.
  [[nodiscard]] std::size_t below(std::size_t end) {
    return boost::random::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

 private:
  RandomStream random_;
};

struct DrawnNode {
  NodeId node{};
  const NodeAsk* ask = nullptr;
};

/// Draws nodes with room for one of the asks, all alike, each draw from all of them.
class RoomyNodes {
 public:
  RoomyNodes(const PlacementRequest& request, const Cluster& cluster, std::span<const NodeAsk> asks)
      : request_(request), cluster_(cluster), asks_(asks) {}

  [[nodiscard]] std::optional<DrawnNode> draw(Draw& lots) {
    const std::size_t nodes = cluster_.spec().nodes.size();
    for (int i = 0; i < kBlindDraws && !listed_; ++i) {
      const auto node = static_cast<NodeId>(lots.below(nodes));
      if (const NodeAsk* ask = fitting(cluster_.class_of(node))) return DrawnNode{node, ask};
    }
    list();
    if (nodes_.empty()) return std::nullopt;
    const NodeId node = nodes_[lots.below(nodes_.size())];
    return DrawnNode{node, fitting(cluster_.class_of(node))};
  }

 private:
  [[nodiscard]] const NodeAsk* fitting(const NodeClass& node_class) const {
    if (!node_class.state.in_service) return nullptr;
    const auto found = std::find_if(asks_.begin(), asks_.end(), [&](const NodeAsk& ask) {
      return has_room(cluster_, node_class, ask);
    });
    return found == asks_.end() ? nullptr : &*found;
  }

  void list() {
    if (listed_) return;
    listed_ = true;
    for (const NodeAsk& ask : asks_) {
      for_each_candidate(cluster_, ask, request_.freed, [&](const NodeClass& node_class) {
        if (!has_room(cluster_, node_class, ask)) return;
        nodes_.insert(nodes_.end(), node_class.nodes.begin(), node_class.nodes.end());
      });
    }
    std::sort(nodes_.begin(), nodes_.end());
    nodes_.erase(std::unique(nodes_.begin(), nodes_.end()), nodes_.end());
  }

  const PlacementRequest& request_;
  const Cluster& cluster_;
  std::span<const NodeAsk> asks_;
  bool listed_ = false;
  std::vector<NodeId> nodes_;
};

class RandomChooser final : public NodeChooser {
 public:
  explicit RandomChooser(std::uint64_t seed) : seed_(seed) {}

  [[nodiscard]] std::optional<ChosenNode> choose(const PlacementRequest& request,
                                                 const Cluster& cluster,
                                                 std::span<const NodeAsk> asks) override {
    Draw lots(seed_, "random", request.id);
    const auto drawn = RoomyNodes(request, cluster, asks).draw(lots);
    if (!drawn) return std::nullopt;
    const NodeClass& node_class = cluster.class_of(drawn->node);
    return ChosenNode{
        drawn->ask->type,
        {node_class.id, devices(cluster, node_class, *drawn->ask, lots), 1, {}, drawn->node}};
  }
  [[nodiscard]] std::string why() const override { return "drawn from all nodes with room"; }

 private:
  static std::vector<int> devices(const Cluster& cluster, const NodeClass& node_class,
                                  const NodeAsk& ask, Draw& lots) {
    if (ask.gpus == 0) return {};
    auto all = fitting_devices(cluster, node_class, ask.per_gpu, ask.type);
    const auto wanted = static_cast<std::size_t>(ask.gpus);
    for (std::size_t i = 0; i < wanted; ++i) std::swap(all[i], all[i + lots.below(all.size() - i)]);
    all.resize(wanted);
    std::sort(all.begin(), all.end());
    return all;
  }

  std::uint64_t seed_;
};

class PowerOfDChooser final : public NodeChooser {
 public:
  PowerOfDChooser(const PlacerContext& context, std::unique_ptr<NodeScore> load, int draws)
      : seed_(context.seed), load_(std::move(load)), draws_(draws) {}

  [[nodiscard]] std::optional<ChosenNode> choose(const PlacementRequest& request,
                                                 const Cluster& cluster,
                                                 std::span<const NodeAsk> asks) override {
    Draw lots(seed_, "power-of-d", request.id);
    RoomyNodes nodes(request, cluster, asks);
    std::optional<DrawnNode> best;
    std::int64_t most = 0;
    for (int i = 0; i < draws_; ++i) {
      const auto drawn = nodes.draw(lots);
      if (!drawn) return std::nullopt;
      const std::int64_t free = load_->of(cluster, cluster.class_of(drawn->node), *drawn->ask);
      if (best && free <= most) continue;
      best = drawn;
      most = free;
    }
    const NodeClass& node_class = cluster.class_of(best->node);
    return ChosenNode{
        best->ask->type,
        {node_class.id, load_->devices(cluster, node_class, *best->ask), 1, {}, best->node}};
  }
  [[nodiscard]] std::string why() const override {
    return fmt::format("least loaded of {} drawn nodes with room", draws_);
  }

 private:
  std::uint64_t seed_;
  std::unique_ptr<NodeScore> load_;
  int draws_;
};

}  // namespace

std::unique_ptr<NodeChooser> make_random_chooser(const PlacerContext& context, const ConfigTable&) {
  return std::make_unique<RandomChooser>(context.seed);
}

std::unique_ptr<NodeChooser> make_power_of_d_chooser(const PlacerContext& context,
                                                     const ConfigTable& options) {
  const auto draws = options.integer_or("d", {1, 1000}, 2);
  return std::make_unique<PowerOfDChooser>(context, make_worst_fit_score(context, options),
                                           static_cast<int>(draws));
}

}  // namespace headroom
