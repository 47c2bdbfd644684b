// first-fit, best-fit, worst-fit and dot-product: what is left of a node, or how it is shaped.
//
// With c and g the node's free CPU and GPUs, r_c and r_g what is asked, all in parts of the
// cluster's largest node, scores are integer parts of 0 to 100, as Kubernetes' are:
//
//     best-fit      100 (1 - ((c - r_c) + (g - r_g)) / 2)
//     worst-fit     100 ((c - r_c) + (g - r_g)) / 2
//     dot-product   100 (1 - (c r_c + g r_g) / 2)
//
// best-fit and dot-product as Weng et al. run them against FGD (USENIX ATC 2023; their simulator:
// github.com/hkust-adsl/kubernetes-scheduler-simulator, pkg/simulator/plugin); the vectors are R.
// Grandl et al.'s of "Multi-resource packing for cluster schedulers" (SIGCOMM 2014), who take the
// highest product where these take the lowest. first-fit: all nodes are equal, so that the one with
// the lowest id is taken.

#include "policies/classical/node_score.hpp"

namespace headroom {
namespace {

constexpr double kMostScore = 100.0;

class FirstFitScore final : public NodeScore {
 public:
  [[nodiscard]] bool constant() const override { return true; }
  [[nodiscard]] std::int64_t of(const Cluster&, const NodeClass&, const NodeAsk&) override {
    return 0;
  }
};

class MeasuredScore : public NodeScore {
 public:
  explicit MeasuredScore(const ClusterSpec& spec) : measure_(spec) {}

  [[nodiscard]] std::int64_t of(const Cluster&, const NodeClass& node_class,
                                const NodeAsk& ask) final {
    return static_cast<std::int64_t>(kMostScore * part(node_class.state, ask));
  }

 protected:
  [[nodiscard]] virtual double part(const NodeState& state, const NodeAsk& ask) const = 0;
  [[nodiscard]] const NodeMeasure& measure() const { return measure_; }

  // Half of the CPU and half of the GPUs that would be left.
  [[nodiscard]] double left(const NodeState& state, const NodeAsk& ask) const {
    return 0.5 * measure_.cpu(state.cpu_free - ask.cpu_milli) +
           0.5 * measure_.gpu(NodeMeasure::gpu_free(state) - ask.gpu_milli());
  }

 private:
  NodeMeasure measure_;
};

class BestFitScore final : public MeasuredScore {
 public:
  using MeasuredScore::MeasuredScore;

 protected:
  [[nodiscard]] double part(const NodeState& state, const NodeAsk& ask) const override {
    return 1.0 - left(state, ask);
  }
};

class WorstFitScore final : public MeasuredScore {
 public:
  using MeasuredScore::MeasuredScore;

 protected:
  [[nodiscard]] double part(const NodeState& state, const NodeAsk& ask) const override {
    return left(state, ask);
  }
};

class DotProductScore final : public MeasuredScore {
 public:
  using MeasuredScore::MeasuredScore;

 protected:
  [[nodiscard]] double part(const NodeState& state, const NodeAsk& ask) const override {
    const double cpu = measure().cpu(state.cpu_free) * measure().cpu(ask.cpu_milli);
    const double gpu = measure().gpu(NodeMeasure::gpu_free(state)) * measure().gpu(ask.gpu_milli());
    return 1.0 - (cpu + gpu) / 2.0;
  }
};

}  // namespace

std::unique_ptr<NodeScore> make_first_fit_score(const PlacerContext&, const ConfigTable&) {
  return std::make_unique<FirstFitScore>();
}

std::unique_ptr<NodeScore> make_best_fit_score(const PlacerContext& context, const ConfigTable&) {
  return std::make_unique<BestFitScore>(context.cluster);
}

std::unique_ptr<NodeScore> make_worst_fit_score(const PlacerContext& context, const ConfigTable&) {
  return std::make_unique<WorstFitScore>(context.cluster);
}

std::unique_ptr<NodeScore> make_dot_product_score(const PlacerContext& context,
                                                  const ConfigTable&) {
  return std::make_unique<DotProductScore>(context.cluster);
}

}  // namespace headroom
