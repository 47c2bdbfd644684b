// fgd and fgd-heads: where the fragmentation of the node (fragmentation.hpp) grows least or shrinks
// most. The score is the integer part of
//
//     100 / (1 + exp(-(F before - F after) / 1000))
//
// so that 50 is no change, and a point about 40 milli-GPUs around it. A share of a GPU goes to the
// device of which this holds, of equals to the first. Weng et al., "Beware of Fragmentation"
// (USENIX ATC 2023), algorithm 1; its simulator's plugin/fgd_score.go
// (github.com/hkust-adsl/kubernetes-scheduler-simulator) for the score.
//
// fgd counts what typical requests cannot use: of a deployment, by the fewest GPUs that it can run
// on. fgd-heads counts what the sizes leave over that the engine accepts: 3 idle GPUs are no use
// to a model that takes 2 or 4 but for two of them.
//
// Options (scenario tables [policy.fgd], [policy.fgd-heads]):
//   mix = FILE, [[...expected]]   what is typical, as expected_mix.hpp reads it; default: what has
//                                 arrived so far

#include "policies/classical/fgd.hpp"

#include "sim/core/nearest.hpp"
#include "sim/plan/room.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace headroom {
namespace {

class FgdScore final : public NodeScore {
 public:
  FgdScore(const PlacerContext& context, TypicalRequests typical, Fragmentation::Counts counts)
      : cluster_(context.cluster),
        typical_(std::move(typical)),
        counts_(counts),
        fragmentation_(cluster_, typical_.all(), counts_) {}

  void arrived(const InternedShape& shape) override {
    typical_.arrived(shape);
    if (typical_.version() == version_) return;
    version_ = typical_.version();
    fragmentation_ = Fragmentation(cluster_, typical_.all(), counts_);
    before_.clear();
  }
  [[nodiscard]] std::uint64_t version() const override { return version_; }

  [[nodiscard]] std::int64_t of(const Cluster& cluster, const NodeClass& node_class,
                                const NodeAsk& ask) override {
    return best(cluster, node_class, ask).score;
  }
  [[nodiscard]] std::vector<int> devices(const Cluster& cluster, const NodeClass& node_class,
                                         const NodeAsk& ask) override {
    return best(cluster, node_class, ask).devices;
  }

 private:
  struct Best {
    std::int64_t score = 0;
    std::vector<int> devices;
  };
  struct Before {
    std::uint32_t generation = 0;
    double value = 0.0;
  };

  [[nodiscard]] Best best(const Cluster& cluster, const NodeClass& node_class, const NodeAsk& ask) {
    const double before = before_of(node_class);
    const bool share = ask.gpus == 1 && ask.per_gpu.milli < kWholeGpu;
    if (!share) {
      Best out{0, tightest_devices(cluster, node_class, ask)};
      out.score = score(before, after(node_class.state, ask, out.devices));
      return out;
    }
    // Devices with as much left are equal: only the first of them is looked at.
    std::vector<int> seen;
    Best out{-1, {}};
    const auto& types = cluster.shape(node_class).gpus;
    const auto& gpus = node_class.state.gpus;
    for (std::size_t i = 0; i < gpus.size(); ++i) {
      if (types[i] != ask.type || !ask.per_gpu.fits(gpus[i])) continue;
      if (std::find(seen.begin(), seen.end(), gpus[i].milli_free) != seen.end()) continue;
      seen.push_back(gpus[i].milli_free);
      const std::vector<int> device{static_cast<int>(i)};
      const std::int64_t found = score(before, after(node_class.state, ask, device));
      if (found > out.score) out = {found, device};
    }
    return out;
  }

  [[nodiscard]] static std::int64_t score(double before, double after) {
    const double descent = (before - after) / 1000.0;
    return static_cast<std::int64_t>(100.0 * (1.0 / (1.0 + std::exp(-descent))));
  }

  [[nodiscard]] double before_of(const NodeClass& node_class) {
    const std::size_t slot = node_class.id.slot;
    if (slot >= before_.size()) before_.resize(slot + 1);
    Before& known = before_[slot];
    if (known.generation != node_class.id.generation) {
      known = {node_class.id.generation, fragmentation_.of(node_class.state)};
    }
    return known.value;
  }

  [[nodiscard]] double after(const NodeState& before, const NodeAsk& ask,
                             const std::vector<int>& devices) {
    after_ = before;
    after_.cpu_free -= ask.cpu_milli;
    for (const int device : devices) {
      after_.gpus[static_cast<std::size_t>(device)].milli_free -= ask.per_gpu.milli;
    }
    return fragmentation_.of(after_);
  }

  const ClusterSpec& cluster_;
  TypicalRequests typical_;
  Fragmentation::Counts counts_;
  Fragmentation fragmentation_;
  std::uint64_t version_ = 0;
  std::vector<Before> before_;  // by slot
  NodeState after_;             // of the placement at hand
};

TypicalRequests typical_of(const PlacerContext& context, const ConfigTable& options) {
  const auto expected = read_expected_mix(options, ExpectedKinds::with_tasks);
  std::vector<std::string> known;
  for (const GpuType& type : context.cluster.gpu_types) known.push_back(type.name);
  for (const ExpectedShape& entry : expected) {
    for (const std::string& name : entry.shape.allowed_gpus) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      options.reject("expected", "the cluster has no GPU type '" + name + "'",
                     suggest(name, known));
    }
  }
  return {context, expected};
}

}  // namespace

std::unique_ptr<NodeScore> make_fgd_score(const PlacerContext& context, TypicalRequests typical) {
  return std::make_unique<FgdScore>(context, std::move(typical), Fragmentation::Counts::devices);
}

std::unique_ptr<NodeScore> make_fgd_score(const PlacerContext& context,
                                          const ConfigTable& options) {
  return make_fgd_score(context, typical_of(context, options));
}

std::unique_ptr<NodeScore> make_fgd_heads_score(const PlacerContext& context,
                                                const ConfigTable& options) {
  return std::make_unique<FgdScore>(context, typical_of(context, options),
                                    Fragmentation::Counts::sizes);
}

}  // namespace headroom
